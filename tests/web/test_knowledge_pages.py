"""Articles at the desk, in the portal and by the API: read, searched, written, put into a reply, sent."""

from __future__ import annotations

from uuid import UUID

import pytest
from flask import Flask

from backend import db
from backend.cases import service as cases
from backend.knowledge import service as knowledge
from backend.people import service as people
from backend.profiles import service as profiles
from shared.kernel import clock
from shared.kernel.actors import SYSTEM
from tests.cast import AUTHOR, PORTAL_CUSTOMER, sign_in
from tests.pages import Browser, text_of

INTERNAL = "measure-the-line"


def customer() -> UUID:
    with db.reading() as session:
        found = profiles.find_by_sign_in(session, PORTAL_CUSTOMER)
    assert found is not None
    return found


def article_id(slug: str = "restart-your-router") -> UUID:
    with db.reading() as session:
        return next(
            one.article_id for one in knowledge.listed(session, public_only=False, limit=100).items if one.slug == slug
        )


def case() -> str:
    with db.transaction() as session:
        made = cases.open_case(
            session, customer(), "case", "The router lights are red", actor=SYSTEM, now=clock.now(), type=""
        )
    return f"/customers/{customer()}/cases/{made.case_id}"


@pytest.fixture
def author(desk_app: Flask) -> Browser:
    return sign_in(Browser(desk_app), AUTHOR)


def test_an_agent_finds_reads_and_says_whether_it_helped(desk: Browser) -> None:
    page = desk.get("/articles").submit("/articles/search", query="restrat ruoter")
    assert "query" not in page.response.request.url
    assert page.all("mark")
    one = desk.get(f"/articles/{article_id()}")
    assert "Take the power plug" in one.text
    assert not one.all("a", href=f"/articles/{article_id()}/edit"), "an agent reads"
    assert "It did not help" in one.submit("/votes", htmx=True, helpful="no").text
    assert "It helped" in desk.get(f"/articles/{article_id()}").submit("/votes", helpful="yes").text
    assert desk.get(f"/articles/{article_id()}?version=7").status == 200
    assert "/articles/" in desk.post("/bar", {"query": "restart router", "csrf_token": token(desk)}, htmx=True).html


def token(browser: Browser) -> str:
    return next(form.fields["csrf_token"] for form in browser.get("/").forms if form.fields.get("csrf_token"))


def test_an_author_writes_previews_publishes_and_puts_back(author: Browser) -> None:
    page = author.get("/articles/new").submit("/articles/new", then="publish", title="", slug="A b", text="<b>x</b>")
    assert page.status == 422
    assert "HTML is not taken" in page.text
    assert "<b>x</b>" in page.one("textarea", id="text").text  # type: ignore[operator]
    kept = author.get("/articles/new").submit("/articles/new", htmx=True, then="", title="The box", text="It **hums**.")
    assert text_of(kept.one("strong")) == "hums"
    assert author.get("/articles/new").form("/articles/new").fields["title"] == "The box", "kept for any browser"
    page = author.get("/articles/new").submit(
        "/articles/new", then="publish", slug="the-box", audience="public", intents="not_working"
    )
    assert "Version 1 is published" in page.text
    where = page.path
    edit = author.get(f"{where}/edit")
    edit.submit("/edit", then="publish", text="It sings.", note="Another tune")
    late = edit.submit("/edit", then="publish", text="It whistles.")
    assert late.status == 409
    assert "It whistles." in (late.one("textarea", id="text").text or "")
    assert "It sings." in (late.one("textarea", id="theirs").text or "")
    assert "Version 3 is published" in late.submit("/edit", then="publish").text
    old = author.get(f"{where}?version=1")
    assert "no longer read" in old.text
    assert "hums" in text_of(old.submit("/restoration").one(class_="prose"))
    assert "Out of use" in author.get(where).submit("/retirement").text
    assert author.get(where).submit("/retirement").status == 200


def test_an_article_is_put_into_the_reply_or_sent_in_the_case(desk: Browser, portal: Browser) -> None:
    where = case()
    panel = desk.get(f"{where}/articles", htmx=True)
    assert panel.all("li", class_="knowing-one")[0].get("data-article") == "restart-your-router"
    assert len(panel.all("li", class_="knowing-one")) <= 3
    page = desk.get(where)
    fields = page.form("/messages").fields | {"text": "Dear all,", "article": str(article_id())}
    desk.post(f"{where}/articles/insertion", fields)
    draft = desk.get(where).one("textarea", id="text").text or ""
    assert "Dear all," in draft
    assert "http://localhost/help/restart-your-router" in draft
    sent = desk.post(f"{where}/articles/{article_id()}/sending", desk.get(where).form("/messages").fields)
    assert "Restart your router" in text_of(sent.all("li", class_="letter")[-1])
    assert "Dear all," in (sent.one("textarea", id="text").text or ""), "what was being written stays"
    letter = portal.get(f"/cases/{where.rpartition('/')[2]}")
    assert letter.all("a", href="/help/restart-your-router")
    refused = desk.post(f"{where}/articles/{article_id(INTERNAL)}/sending", desk.get(where).form("/messages").fields)
    assert refused.status == 409
    inner = desk.post(f"{where}/articles", {"query": "noise margin attenuation", "csrf_token": token(desk)}, htmx=True)
    assert "Internal" in inner.text
    assert not [form for form in inner.all("button") if "Send" in text_of(form)]


def test_an_article_is_sent_without_a_case_and_stands_on_the_first_page(desk: Browser, portal: Browser) -> None:
    page = desk.post(
        f"/customers/{customer()}/articles", {"query": "moving home", "csrf_token": token(desk)}, htmx=True
    )
    assert "Sent: Moving" in page.submit(f"/articles/{article_id('moving-home')}/sending", htmx=True).text
    home = portal.get("/")
    assert home.all("a", href="/help/moving-home")
    assert "We sent you something to read" in portal.get("/activity").text


def test_help_is_for_everyone_and_holds_nothing_that_is_for_colleagues(portal_app: Flask) -> None:
    anybody = Browser(portal_app)
    page = anybody.get("/help")
    assert page.all("a", href="/help/restart-your-router")
    assert INTERNAL not in page.html
    found = page.submit("/help", query="measuring noise margin technician internal")
    assert INTERNAL not in found.html
    assert anybody.get(f"/help/{INTERNAL}").status == anybody.get("/help/none").status == 404
    assert (
        anybody.post(f"/help/{INTERNAL}/votes", {"csrf_token": page.form("/help").fields["csrf_token"]}).status == 404
    )
    one = anybody.get("/help/restart-your-router")
    assert "This helped you" in one.submit("/votes", helpful="yes").text
    assert "did not help" in anybody.get("/help/restart-your-router").submit("/votes", helpful="no").text
    with db.reading() as session:
        count = knowledge.counts(session, [article_id()])[article_id(), 1]
    assert (count.helpful, count.unhelpful) == (0, 1), "one browser, one word"


def test_a_customers_own_word_goes_with_them(portal: Browser) -> None:
    portal.get("/help/restart-your-router").submit("/votes", helpful="yes")
    with db.transaction() as session:
        assert len(knowledge.export_customer(session, customer())["article_customer_vote"]) == 1
        assert knowledge.erase_customer(session, customer()) == 1
        assert not knowledge.counts(session, [article_id()])


def test_programs_read_public_articles_alone(api_app: Flask) -> None:
    with db.transaction() as session:
        key = people.create_key(session, ["articles:read"], clock.now())[1]
    client, headers = api_app.test_client(), {"Authorization": f"Bearer {key}"}
    items = client.get("/api/v1/articles?limit=100", headers=headers).json["items"]
    assert "restart-your-router" in {one["slug"] for one in items}
    assert INTERNAL not in {one["slug"] for one in items}
    assert client.get(f"/api/v1/articles/{INTERNAL}", headers=headers).status_code == 404
    assert "<ol>" in client.get("/api/v1/articles/restart-your-router", headers=headers).json["html"]
    body = {"query": "noise margin attenuation"}
    found = client.post("/api/v1/articles/search", headers=headers, json=body).json["items"]
    assert INTERNAL not in {one["slug"] for one in found}
    page = client.get("/api/v1/articles?limit=2", headers=headers).json
    rest = client.get(f"/api/v1/articles?limit=100&cursor={page['next_cursor']}", headers=headers).json["items"]
    assert [one["slug"] for one in page["items"] + rest] == [one["slug"] for one in items]
    assert client.get("/api/v1/articles?cursor=x", headers=headers).status_code == 422


def test_an_article_leads_to_its_translation_and_back(portal_app: Flask, author: Browser) -> None:
    visitor = Browser(portal_app)
    page = visitor.get("/help/better-wi-fi")
    (there,) = page.all("a", hreflang="es")
    spanish = visitor.get(str(there.get("href")))
    assert (there.get("lang"), text_of(there).split(":")[0].strip()) == ("es", "Español")
    assert text_of(spanish.one("h1")) == "Mejor wifi en casa"
    assert text_of(visitor.get(str(spanish.one("a", hreflang="en").get("href"))).one("h1")) == "Better Wi-Fi at home"
    edit = author.get(f"/articles/{article_id('mejor-wifi')}/edit")
    assert edit.one("input", name="translates").get("value") == "better-wi-fi"
    wrong = edit.submit("/edit", then="publish", translates="mejor-wifi")
    assert (wrong.status, "Give the address of the other article" in wrong.text) == (422, True)
    edit.submit("/edit", then="publish", translates="")
    assert not visitor.get("/help/better-wi-fi").all("a", hreflang="es")
    assert not visitor.get("/help/mejor-wifi").all("a", hreflang="en")
    edit = author.get(f"/articles/{article_id('mejor-wifi')}/edit")
    edit.submit("/edit", then="publish", translates="/help/better-wi-fi", audience="internal")
    assert not visitor.get("/help/better-wi-fi").all("a", hreflang="es"), "what is for colleagues is led to by nothing"
