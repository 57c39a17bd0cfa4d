"""The door of teaching: answers made into examples, examples into epochs."""

from backend.teaching.feeding import feed, feed_due, feed_later
from backend.teaching.publishing import let_go_of_old, make, publish_due, publish_now
from backend.teaching.viewing import Judgement, ModelLine, ModelPage, ModelsPage, WeightLine, model, models
from backend.teaching.weighing import Made, believed, made

__all__ = [
    "Judgement", "Made", "ModelLine", "ModelPage", "ModelsPage", "WeightLine", "believed", "feed", "feed_due", "feed_later", "let_go_of_old",
    "made", "make", "model", "models", "publish_due", "publish_now",
]  # fmt: skip
