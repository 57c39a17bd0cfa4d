"""Drafts of the catalogue, their simulations, and the text files of its versions

Revision: 2026_11_22_drafts, after 2026_11_22_calls
"""

import sqlalchemy as sa
from alembic import op


revision = '2026_11_22_drafts'
down_revision = '2026_11_22_calls'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('catalogue_draft',
    sa.Column('draft_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('base_version', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('files', sa.JSON(), nullable=False),
    sa.Column('digest', sa.String(), nullable=False),
    sa.Column('made_by', sa.String(), nullable=False),
    sa.Column('made_by_id', sa.String(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_by', sa.String(), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('problems', sa.JSON(), nullable=True),
    sa.Column('problem_count', sa.Integer(), nullable=True),
    sa.Column('checked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('asked_by', sa.String(), nullable=True),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('returned_by', sa.String(), nullable=True),
    sa.Column('returned_words', sa.String(), nullable=True),
    sa.Column('approved_by', sa.String(), nullable=True),
    sa.Column('approved_by_id', sa.String(), nullable=True),
    sa.Column('approved_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('approved_digest', sa.String(), nullable=True),
    sa.Column('effective_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('catalogue_version', sa.Integer(), nullable=True),
    sa.CheckConstraint("(state = 'published') = (catalogue_version IS NOT NULL)", name=op.f('ck_catalogue_draft_published')),
    sa.CheckConstraint("(state IN ('approved','published')) = (approved_digest IS NOT NULL)", name=op.f('ck_catalogue_draft_approved')),
    sa.CheckConstraint("effective_at IS NULL OR state IN ('approved','published')", name=op.f('ck_catalogue_draft_effective')),
    sa.CheckConstraint("state IN ('draft','checked','simulated','asked','approved','published','withdrawn')", name=op.f('ck_catalogue_draft_state')),
    sa.CheckConstraint("state IN ('draft','withdrawn') OR coalesce(problem_count, -1) = 0", name=op.f('ck_catalogue_draft_in_order')),
    sa.CheckConstraint('(approved_by_id IS NULL) = (approved_digest IS NULL)', name=op.f('ck_catalogue_draft_approver')),
    sa.CheckConstraint('approved_by_id IS NULL OR approved_by_id <> made_by_id', name=op.f('ck_catalogue_draft_second_person')),
    sa.CheckConstraint('approved_digest IS NULL OR approved_digest = digest', name=op.f('ck_catalogue_draft_as_approved')),
    sa.ForeignKeyConstraint(['base_version'], ['catalogue_version.version'], name=op.f('fk_catalogue_draft_base_version_catalogue_version')),
    sa.ForeignKeyConstraint(['catalogue_version'], ['catalogue_version.version'], name=op.f('fk_catalogue_draft_catalogue_version_catalogue_version')),
    sa.PrimaryKeyConstraint('draft_id', name=op.f('pk_catalogue_draft'))
    )
    with op.batch_alter_table('catalogue_draft', schema=None) as batch_op:
        batch_op.create_index('ix_catalogue_draft_due', ['effective_at'], unique=False, sqlite_where=sa.text("state = 'approved'"), postgresql_where=sa.text("state = 'approved'"))

    op.create_table('catalogue_source',
    sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('files', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['version'], ['catalogue_version.version'], name=op.f('fk_catalogue_source_version_catalogue_version')),
    sa.PrimaryKeyConstraint('version', name=op.f('pk_catalogue_source'))
    )
    op.create_table('catalogue_draft_editor',
    sa.Column('draft_id', sa.Uuid(), nullable=False),
    sa.Column('editor_id', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['draft_id'], ['catalogue_draft.draft_id'], name=op.f('fk_catalogue_draft_editor_draft_id_catalogue_draft')),
    sa.PrimaryKeyConstraint('draft_id', 'editor_id', name=op.f('pk_catalogue_draft_editor'))
    )
    op.create_table('catalogue_simulation',
    sa.Column('draft_id', sa.Uuid(), nullable=False),
    sa.Column('digest', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('asked_by', sa.String(), nullable=False),
    sa.Column('asked_by_id', sa.String(), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=False),
    sa.Column('done', sa.Integer(), nullable=False),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('configuration_version', sa.Integer(), nullable=True),
    sa.Column('report', sa.JSON(), nullable=True),
    sa.Column('error', sa.String(), nullable=True),
    sa.CheckConstraint("state IN ('waiting','running','done','failed')", name=op.f('ck_catalogue_simulation_state')),
    sa.ForeignKeyConstraint(['draft_id'], ['catalogue_draft.draft_id'], name=op.f('fk_catalogue_simulation_draft_id_catalogue_draft')),
    sa.PrimaryKeyConstraint('draft_id', name=op.f('pk_catalogue_simulation'))
    )


def downgrade() -> None:
    op.drop_table('catalogue_simulation')
    op.drop_table('catalogue_draft_editor')
    op.drop_table('catalogue_source')
    with op.batch_alter_table('catalogue_draft', schema=None) as batch_op:
        batch_op.drop_index('ix_catalogue_draft_due', sqlite_where=sa.text("state = 'approved'"), postgresql_where=sa.text("state = 'approved'"))

    op.drop_table('catalogue_draft')
