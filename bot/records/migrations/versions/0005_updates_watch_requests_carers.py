"""Updates, the limbo watch, requests about appointments, carers.

Revision: 0005, after 0004.
"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table('carers',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('given_name', sa.String(length=100), nullable=False),
    sa.Column('family_name', sa.String(length=100), nullable=False),
    sa.Column('birth_date', sa.Date(), nullable=False),
    sa.Column('postcode', sa.String(length=10), nullable=False),
    sa.Column('phone', sa.String(length=40), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_carers'))
    )
    op.create_table('carer_access',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('carer_id', sa.String(length=32), nullable=False),
    sa.Column('patient_id', sa.String(length=32), nullable=False),
    sa.Column('basis', sa.String(length=30), nullable=False),
    sa.Column('scope', sa.String(length=20), nullable=False),
    sa.Column('review_on', sa.Date(), nullable=False),
    sa.Column('asked_alone', sa.Boolean(), nullable=False),
    sa.Column('interpreter_used', sa.Boolean(), nullable=False),
    sa.Column('recorded_by_id', sa.String(length=32), nullable=False),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_by_id', sa.String(length=32), nullable=True),
    sa.Column('ended_reason', sa.String(length=60), nullable=True),
    sa.CheckConstraint("basis IN ('consent', 'attorney', 'deputy', 'best_interests', 'parental_responsibility')", name=op.f('ck_carer_access_basis')),
    sa.CheckConstraint("scope IN ('appointments', 'all')", name=op.f('ck_carer_access_scope')),
    sa.ForeignKeyConstraint(['carer_id'], ['carers.id'], name=op.f('fk_carer_access_carer_id_carers')),
    sa.ForeignKeyConstraint(['ended_by_id'], ['staff.id'], name=op.f('fk_carer_access_ended_by_id_staff')),
    sa.ForeignKeyConstraint(['patient_id'], ['patients.id'], name=op.f('fk_carer_access_patient_id_patients')),
    sa.ForeignKeyConstraint(['recorded_by_id'], ['staff.id'], name=op.f('fk_carer_access_recorded_by_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_carer_access'))
    )
    with op.batch_alter_table('carer_access', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_carer_access_carer_id'), ['carer_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_carer_access_patient_id'), ['patient_id'], unique=False)

    op.create_table('subscriptions',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('conversation_id', sa.String(length=64), nullable=False),
    sa.Column('patient_id', sa.String(length=32), nullable=False),
    sa.Column('carer_access_id', sa.String(length=32), nullable=True),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_reason', sa.String(length=40), nullable=True),
    sa.ForeignKeyConstraint(['carer_access_id'], ['carer_access.id'], name=op.f('fk_subscriptions_carer_access_id_carer_access')),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_subscriptions_conversation_id_conversations')),
    sa.ForeignKeyConstraint(['patient_id'], ['patients.id'], name=op.f('fk_subscriptions_patient_id_patients')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_subscriptions'))
    )
    with op.batch_alter_table('subscriptions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_subscriptions_carer_access_id'), ['carer_access_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_subscriptions_patient_id'), ['patient_id'], unique=False)
        batch_op.create_index('uq_subscriptions_running', ['conversation_id'], unique=True, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))

    op.create_table('updates',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('subscription_id', sa.String(length=32), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('key', sa.String(length=160), nullable=False),
    sa.Column('referral_id', sa.String(length=32), nullable=True),
    sa.Column('appointment_id', sa.String(length=32), nullable=True),
    sa.Column('detail', sa.JSON(), nullable=False),
    sa.Column('noted_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('message_id', sa.Integer(), nullable=True),
    sa.Column('told_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('dropped_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('dropped_reason', sa.String(length=40), nullable=True),
    sa.CheckConstraint("kind IN ('state', 'appointment', 'reminder', 'overdue')", name=op.f('ck_updates_kind')),
    sa.ForeignKeyConstraint(['appointment_id'], ['appointments.id'], name=op.f('fk_updates_appointment_id_appointments')),
    sa.ForeignKeyConstraint(['message_id'], ['messages.id'], name=op.f('fk_updates_message_id_messages')),
    sa.ForeignKeyConstraint(['referral_id'], ['referrals.id'], name=op.f('fk_updates_referral_id_referrals')),
    sa.ForeignKeyConstraint(['subscription_id'], ['subscriptions.id'], name=op.f('fk_updates_subscription_id_subscriptions')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_updates')),
    sa.UniqueConstraint('subscription_id', 'key', name='uq_updates_key')
    )
    with op.batch_alter_table('updates', schema=None) as batch_op:
        batch_op.create_index('ix_updates_to_tell', ['due_at'], unique=False, sqlite_where=sa.text('told_at IS NULL AND dropped_at IS NULL'), postgresql_where=sa.text('told_at IS NULL AND dropped_at IS NULL'))

    op.create_table('care_requests',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('conversation_id', sa.String(length=64), nullable=False),
    sa.Column('patient_id', sa.String(length=32), nullable=True),
    sa.Column('referral_id', sa.String(length=32), nullable=True),
    sa.Column('appointment_id', sa.String(length=32), nullable=True),
    sa.Column('handoff_id', sa.String(length=32), nullable=True),
    sa.Column('carer_access_id', sa.String(length=32), nullable=True),
    sa.Column('wishes', sa.JSON(), nullable=False),
    sa.Column('asked_of', sa.JSON(), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("kind IN ('confirm', 'cannot_come', 'another_day', 'interpreter', 'access')", name=op.f('ck_care_requests_kind')),
    sa.CheckConstraint("state IN ('asked', 'changed', 'answered', 'withdrawn')", name=op.f('ck_care_requests_state')),
    sa.ForeignKeyConstraint(['appointment_id'], ['appointments.id'], name=op.f('fk_care_requests_appointment_id_appointments')),
    sa.ForeignKeyConstraint(['carer_access_id'], ['carer_access.id'], name=op.f('fk_care_requests_carer_access_id_carer_access')),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_care_requests_conversation_id_conversations')),
    sa.ForeignKeyConstraint(['handoff_id'], ['handoffs.id'], name=op.f('fk_care_requests_handoff_id_handoffs')),
    sa.ForeignKeyConstraint(['patient_id'], ['patients.id'], name=op.f('fk_care_requests_patient_id_patients')),
    sa.ForeignKeyConstraint(['referral_id'], ['referrals.id'], name=op.f('fk_care_requests_referral_id_referrals')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_care_requests'))
    )
    with op.batch_alter_table('care_requests', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_care_requests_conversation_id'), ['conversation_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_care_requests_handoff_id'), ['handoff_id'], unique=False)
        batch_op.create_index('ix_care_requests_open', ['patient_id'], unique=False, sqlite_where=sa.text("state = 'asked'"), postgresql_where=sa.text("state = 'asked'"))

    op.create_table('limbo_findings',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('referral_id', sa.String(length=32), nullable=False),
    sa.Column('state_row_id', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=40), nullable=False),
    sa.Column('missing', sa.String(length=40), nullable=False),
    sa.Column('whom', sa.String(length=20), nullable=False),
    sa.Column('late_since', sa.Date(), nullable=False),
    sa.Column('team_id', sa.String(length=32), nullable=False),
    sa.Column('found_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('handoff_id', sa.String(length=32), nullable=True),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['handoff_id'], ['handoffs.id'], name=op.f('fk_limbo_findings_handoff_id_handoffs')),
    sa.ForeignKeyConstraint(['referral_id'], ['referrals.id'], name=op.f('fk_limbo_findings_referral_id_referrals')),
    sa.ForeignKeyConstraint(['state_row_id'], ['referral_states.id'], name=op.f('fk_limbo_findings_state_row_id_referral_states')),
    sa.ForeignKeyConstraint(['team_id'], ['teams.id'], name=op.f('fk_limbo_findings_team_id_teams')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_limbo_findings')),
    sa.UniqueConstraint('referral_id', 'state_row_id', name='uq_limbo_stay')
    )
    with op.batch_alter_table('limbo_findings', schema=None) as batch_op:
        batch_op.create_index('ix_limbo_findings_opened_at', ['opened_at'], unique=False)

    with op.batch_alter_table('referrals', schema=None) as batch_op:
        batch_op.create_index('ix_referrals_feed', ['source', 'state', 'checked_at'], unique=False)

    with op.batch_alter_table('handoff_notes', schema=None) as batch_op:
        batch_op.alter_column('staff_id', existing_type=sa.VARCHAR(length=32), nullable=True)

    with op.batch_alter_table('handoffs', schema=None) as batch_op:
        batch_op.alter_column('conversation_id',
               existing_type=sa.VARCHAR(length=64),
               nullable=True)
        batch_op.create_check_constraint(batch_op.f('ck_handoffs_chat'), "conversation_id IS NOT NULL OR kind = 'task'")
        batch_op.create_index('uq_handoffs_open_of_watch', ['referral_id', 'reason'], unique=True, sqlite_where=sa.text("conversation_id IS NULL AND state IN ('waiting', 'claimed')"), postgresql_where=sa.text("conversation_id IS NULL AND state IN ('waiting', 'claimed')"))

    with op.batch_alter_table('identity_sessions', schema=None) as batch_op:
        batch_op.add_column(sa.Column('carer_id', sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column('carer_access_id', sa.String(length=32), nullable=True))
        batch_op.alter_column('patient_id',
               existing_type=sa.VARCHAR(length=32),
               nullable=True)
        batch_op.create_check_constraint(batch_op.f('ck_identity_sessions_somebody'), "patient_id IS NOT NULL OR carer_id IS NOT NULL")
        batch_op.create_index(batch_op.f('ix_identity_sessions_carer_access_id'), ['carer_access_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_identity_sessions_carer_id_carers'), 'carers', ['carer_id'], ['id'])
        batch_op.create_foreign_key(batch_op.f('fk_identity_sessions_carer_access_id_carer_access'), 'carer_access', ['carer_access_id'], ['id'])

    with op.batch_alter_table('conversations', schema=None) as batch_op:
        batch_op.add_column(sa.Column('safe_contact_at', sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table('messages', schema=None) as batch_op:
        batch_op.add_column(sa.Column('attachment', sa.String(length=60), nullable=True))

    with op.batch_alter_table('one_time_codes', schema=None) as batch_op:
        batch_op.add_column(sa.Column('carer_id', sa.String(length=32), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_one_time_codes_carer_id_carers'), 'carers', ['carer_id'], ['id'])

    with op.batch_alter_table('text_messages', schema=None) as batch_op:
        batch_op.add_column(sa.Column('carer_id', sa.String(length=32), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_text_messages_carer_id_carers'), 'carers', ['carer_id'], ['id'])

    # Not as a batch: that would copy the table, and its triggers would be lost.
    op.create_index('ix_audit_subject', 'audit', ['subject_id', 'at'])


def downgrade() -> None:
    """Take back."""
    op.drop_index('ix_audit_subject', 'audit')
    with op.batch_alter_table('text_messages', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_text_messages_carer_id_carers'), type_='foreignkey')
        batch_op.drop_column('carer_id')

    with op.batch_alter_table('one_time_codes', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_one_time_codes_carer_id_carers'), type_='foreignkey')
        batch_op.drop_column('carer_id')

    with op.batch_alter_table('messages', schema=None) as batch_op:
        batch_op.drop_column('attachment')

    with op.batch_alter_table('conversations', schema=None) as batch_op:
        batch_op.drop_column('safe_contact_at')

    with op.batch_alter_table('identity_sessions', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_identity_sessions_carer_access_id_carer_access'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('fk_identity_sessions_carer_id_carers'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_identity_sessions_carer_access_id'))
        batch_op.drop_constraint(batch_op.f('ck_identity_sessions_somebody'), type_='check')
        batch_op.alter_column('patient_id',
               existing_type=sa.VARCHAR(length=32),
               nullable=False)
        batch_op.drop_column('carer_access_id')
        batch_op.drop_column('carer_id')

    with op.batch_alter_table('handoffs', schema=None) as batch_op:
        batch_op.drop_index('uq_handoffs_open_of_watch', sqlite_where=sa.text("conversation_id IS NULL AND state IN ('waiting', 'claimed')"), postgresql_where=sa.text("conversation_id IS NULL AND state IN ('waiting', 'claimed')"))
        batch_op.drop_constraint(batch_op.f('ck_handoffs_chat'), type_='check')
        batch_op.alter_column('conversation_id',
               existing_type=sa.VARCHAR(length=64),
               nullable=False)

    op.drop_table('limbo_findings')
    with op.batch_alter_table('referrals', schema=None) as batch_op:
        batch_op.drop_index('ix_referrals_feed')

    with op.batch_alter_table('handoff_notes', schema=None) as batch_op:
        batch_op.alter_column('staff_id', existing_type=sa.VARCHAR(length=32), nullable=False)

    with op.batch_alter_table('care_requests', schema=None) as batch_op:
        batch_op.drop_index('ix_care_requests_open', sqlite_where=sa.text("state = 'asked'"), postgresql_where=sa.text("state = 'asked'"))
        batch_op.drop_index(batch_op.f('ix_care_requests_handoff_id'))
        batch_op.drop_index(batch_op.f('ix_care_requests_conversation_id'))

    op.drop_table('care_requests')
    with op.batch_alter_table('updates', schema=None) as batch_op:
        batch_op.drop_index('ix_updates_to_tell', sqlite_where=sa.text('told_at IS NULL AND dropped_at IS NULL'), postgresql_where=sa.text('told_at IS NULL AND dropped_at IS NULL'))

    op.drop_table('updates')
    with op.batch_alter_table('subscriptions', schema=None) as batch_op:
        batch_op.drop_index('uq_subscriptions_running', sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))
        batch_op.drop_index(batch_op.f('ix_subscriptions_patient_id'))
        batch_op.drop_index(batch_op.f('ix_subscriptions_carer_access_id'))

    op.drop_table('subscriptions')
    with op.batch_alter_table('carer_access', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_carer_access_patient_id'))
        batch_op.drop_index(batch_op.f('ix_carer_access_carer_id'))

    op.drop_table('carer_access')
    op.drop_table('carers')
