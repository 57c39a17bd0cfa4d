"""Extensions: which telephone is whose

Revision: 2026_11_22_extensions, after 2026_11_22_tidings
"""

import sqlalchemy as sa
from alembic import op


revision = '2026_11_22_extensions'
down_revision = '2026_11_22_tidings'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('extension',
    sa.Column('extension', sa.String(), nullable=False),
    sa.Column('staff_id', sa.Uuid(), nullable=False),
    sa.Column('set_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('set_by', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.staff_id'], name=op.f('fk_extension_staff_id_staff')),
    sa.PrimaryKeyConstraint('extension', name=op.f('pk_extension'))
    )
    op.create_index(op.f('ix_extension_staff_id'), 'extension', ['staff_id'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_extension_staff_id'), table_name='extension')
    op.drop_table('extension')
