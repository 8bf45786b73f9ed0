"""Hand-offs as staff work them, teams and staff, live events, the outbox.

A default team is made, and takes the hand-offs that are there.

Revision: 0003, after 0002.
"""

import uuid
from datetime import datetime, timezone

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

OPEN_CHAT = "kind = 'chat' AND state IN ('waiting', 'claimed')"


def upgrade() -> None:
    """Apply."""
    op.create_table('console_events',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('kind', sa.String(length=30), nullable=False),
    sa.Column('handoff_id', sa.String(length=32), nullable=True),
    sa.Column('conversation_id', sa.String(length=64), nullable=True),
    sa.Column('team_id', sa.String(length=32), nullable=True),
    sa.Column('staff_id', sa.String(length=32), nullable=True),
    sa.Column('data', sa.JSON(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_console_events'))
    )
    with op.batch_alter_table('console_events', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_console_events_conversation_id'), ['conversation_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_console_events_team_id'), ['team_id'], unique=False)

    op.create_table('event_counter',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('last', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_event_counter'))
    )
    op.create_table('outbox',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('conversation_id', sa.String(length=64), nullable=True),
    sa.Column('payload', sa.JSON(), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("kind IN ('slot', 'mail', 'typing')", name=op.f('ck_outbox_kind')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outbox'))
    )
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_outbox_conversation_id'), ['conversation_id'], unique=False)
        batch_op.create_index('ix_outbox_open', ['kind', 'done_at', 'due_at'], unique=False)

    op.create_table('sign_in_attempts',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('email_hash', sa.String(length=64), nullable=False),
    sa.Column('address_hash', sa.String(length=64), nullable=True),
    sa.Column('succeeded', sa.Boolean(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sign_in_attempts'))
    )
    with op.batch_alter_table('sign_in_attempts', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_sign_in_attempts_address_hash'), ['address_hash'], unique=False)
        batch_op.create_index(batch_op.f('ix_sign_in_attempts_at'), ['at'], unique=False)
        batch_op.create_index(batch_op.f('ix_sign_in_attempts_email_hash'), ['email_hash'], unique=False)

    op.create_table('staff',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('email', sa.String(length=200), nullable=False),
    sa.Column('first_name', sa.String(length=60), nullable=False),
    sa.Column('family_name', sa.String(length=60), nullable=False),
    sa.Column('job_title', sa.String(length=100), nullable=False),
    sa.Column('role', sa.String(length=20), nullable=False),
    sa.Column('password_hash', sa.String(length=200), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("role IN ('coordinator', 'supervisor', 'administrator')", name=op.f('ck_staff_role')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_staff')),
    sa.UniqueConstraint('email', name=op.f('uq_staff_email'))
    )
    op.create_table('staff_sessions',
    sa.Column('id', sa.String(length=64), nullable=False),
    sa.Column('staff_id', sa.String(length=32), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_staff_sessions_staff_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_staff_sessions'))
    )
    with op.batch_alter_table('staff_sessions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_staff_sessions_staff_id'), ['staff_id'], unique=False)

    op.create_table('teams',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('email', sa.String(length=200), nullable=True),
    sa.Column('organisation_id', sa.String(length=32), nullable=True),
    sa.Column('is_default', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_teams_organisation_id_organisations')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_teams')),
    sa.UniqueConstraint('name', name=op.f('uq_teams_name'))
    )
    with op.batch_alter_table('teams', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_teams_organisation_id'), ['organisation_id'], unique=False)
        batch_op.create_index('uq_teams_default', ['is_default'], unique=True, sqlite_where=sa.text('is_default IS 1'), postgresql_where=sa.text('is_default IS true'))

    op.create_table('memberships',
    sa.Column('staff_id', sa.String(length=32), nullable=False),
    sa.Column('team_id', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_memberships_staff_id_staff')),
    sa.ForeignKeyConstraint(['team_id'], ['teams.id'], name=op.f('fk_memberships_team_id_teams')),
    sa.PrimaryKeyConstraint('staff_id', 'team_id', name=op.f('pk_memberships'))
    )
    op.create_table('message_translations',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('message_id', sa.Integer(), nullable=False),
    sa.Column('language', sa.String(length=10), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('text', sa.Text(), nullable=True),
    sa.Column('back_text', sa.Text(), nullable=True),
    sa.Column('provider', sa.String(length=20), nullable=True),
    sa.Column('reason', sa.String(length=20), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("state IN ('pending', 'done', 'failed')", name=op.f('ck_message_translations_state')),
    sa.ForeignKeyConstraint(['message_id'], ['messages.id'], name=op.f('fk_message_translations_message_id_messages')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_message_translations')),
    sa.UniqueConstraint('message_id', 'language', name='uq_message_translations_language')
    )
    with op.batch_alter_table('message_translations', schema=None) as batch_op:
        batch_op.create_index('ix_message_translations_state', ['state'], unique=False)

    op.create_table('handoff_notes',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('handoff_id', sa.String(length=32), nullable=False),
    sa.Column('staff_id', sa.String(length=32), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['handoff_id'], ['handoffs.id'], name=op.f('fk_handoff_notes_handoff_id_handoffs')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_handoff_notes_staff_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_handoff_notes'))
    )
    with op.batch_alter_table('handoff_notes', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_handoff_notes_handoff_id'), ['handoff_id'], unique=False)

    op.create_table('interface_issues',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('heading', sa.String(length=30), nullable=False),
    sa.Column('kind', sa.String(length=30), nullable=False),
    sa.Column('description', sa.Text(), nullable=False),
    sa.Column('reported_by', sa.String(length=20), nullable=False),
    sa.Column('staff_id', sa.String(length=32), nullable=True),
    sa.Column('conversation_id', sa.String(length=64), nullable=True),
    sa.Column('handoff_id', sa.String(length=32), nullable=True),
    sa.Column('referral_id', sa.String(length=32), nullable=True),
    sa.Column('organisation_id', sa.String(length=32), nullable=True),
    sa.Column('team_id', sa.String(length=32), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('outcome', sa.Text(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("heading IN ('onward_referral', 'communication', 'follow_up', 'points_of_contact', 'principles_of_referral', 'patient_expectations', 'advice_and_guidance', 'prescribing')", name=op.f('ck_interface_issues_heading')),
    sa.CheckConstraint("reported_by IN ('patient', 'coordinator')", name=op.f('ck_interface_issues_reported_by')),
    sa.CheckConstraint("state IN ('new', 'looking_into', 'passed_on', 'closed')", name=op.f('ck_interface_issues_state')),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_interface_issues_conversation_id_conversations')),
    sa.ForeignKeyConstraint(['handoff_id'], ['handoffs.id'], name=op.f('fk_interface_issues_handoff_id_handoffs')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisations.id'], name=op.f('fk_interface_issues_organisation_id_organisations')),
    sa.ForeignKeyConstraint(['referral_id'], ['referrals.id'], name=op.f('fk_interface_issues_referral_id_referrals')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_interface_issues_staff_id_staff')),
    sa.ForeignKeyConstraint(['team_id'], ['teams.id'], name=op.f('fk_interface_issues_team_id_teams')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_interface_issues'))
    )
    with op.batch_alter_table('interface_issues', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_interface_issues_team_id'), ['team_id'], unique=False)

    op.create_table('interpreter_calls',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('handoff_id', sa.String(length=32), nullable=False),
    sa.Column('staff_id', sa.String(length=32), nullable=False),
    sa.Column('language', sa.String(length=10), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('provider', sa.String(length=100), nullable=True),
    sa.Column('reference', sa.String(length=60), nullable=True),
    sa.Column('minutes', sa.Integer(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("state IN ('requested', 'booked', 'held', 'failed', 'cancelled')", name=op.f('ck_interpreter_calls_state')),
    sa.ForeignKeyConstraint(['handoff_id'], ['handoffs.id'], name=op.f('fk_interpreter_calls_handoff_id_handoffs')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_interpreter_calls_staff_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_interpreter_calls'))
    )
    with op.batch_alter_table('interpreter_calls', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_interpreter_calls_handoff_id'), ['handoff_id'], unique=False)

    with op.batch_alter_table('conversations', schema=None) as batch_op:
        batch_op.add_column(sa.Column('sender_until', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('sender_name', sa.String(length=60), nullable=True))

    team = uuid.uuid4().hex
    teams = sa.table('teams', sa.column('id'), sa.column('name'), sa.column('is_default'))
    op.execute(teams.insert().values(id=team, name='Front desk', is_default=True))
    counter = sa.table('event_counter', sa.column('id'), sa.column('last'))
    op.execute(counter.insert().values(id=1, last=0))

    with op.batch_alter_table('handoffs', schema=None) as batch_op:
        batch_op.add_column(sa.Column('team_id', sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column('patient_id', sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column('reply_due_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('first_reply_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('escalation', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('escalated_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('told_message_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('told_position', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('told_reply_by', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('claimed_by_id', sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column('claimed_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('last_staff_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('read_seq', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('transfer_staff_id', sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column('transfer_team_id', sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column('transfer_note', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('transfer_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('resolved_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('resolved_by_id', sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column('done', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('left_with', sa.String(length=20), nullable=True))
        batch_op.add_column(sa.Column('left_due_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('record_state', sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column('reopened_from_id', sa.String(length=32), nullable=True))
        batch_op.create_index(batch_op.f('ix_handoffs_claimed_by_id'), ['claimed_by_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_handoffs_state'), ['state'], unique=False)
        batch_op.create_index(batch_op.f('ix_handoffs_team_id'), ['team_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_handoffs_resolved_by_id_staff'), 'staff', ['resolved_by_id'], ['id'])
        batch_op.create_foreign_key(batch_op.f('fk_handoffs_claimed_by_id_staff'), 'staff', ['claimed_by_id'], ['id'])
        batch_op.create_foreign_key(batch_op.f('fk_handoffs_patient_id_patients'), 'patients', ['patient_id'], ['id'])
        batch_op.create_foreign_key(batch_op.f('fk_handoffs_transfer_team_id_teams'), 'teams', ['transfer_team_id'], ['id'])
        batch_op.create_foreign_key(batch_op.f('fk_handoffs_team_id_teams'), 'teams', ['team_id'], ['id'])
        batch_op.create_foreign_key(batch_op.f('fk_handoffs_transfer_staff_id_staff'), 'staff', ['transfer_staff_id'], ['id'])
        batch_op.create_foreign_key(batch_op.f('fk_handoffs_reopened_from_id_handoffs'), 'handoffs', ['reopened_from_id'], ['id'])
        batch_op.create_foreign_key(batch_op.f('fk_handoffs_told_message_id_messages'), 'messages', ['told_message_id'], ['id'])
        batch_op.create_check_constraint(batch_op.f('ck_handoffs_left_with'), "left_with IN ('nobody', 'hospital', 'gp_practice', 'patient', 'coordinator')")
        batch_op.drop_column('team')

    handoffs = sa.table('handoffs', sa.column('team_id'), sa.column('reply_due_at', sa.DateTime(timezone=True)))
    op.execute(handoffs.update().values(team_id=team, reply_due_at=datetime.now(timezone.utc)))
    with op.batch_alter_table('handoffs', schema=None) as batch_op:
        batch_op.alter_column('team_id', nullable=False)
        batch_op.alter_column('reply_due_at', nullable=False)
        for column in ('escalation', 'read_seq'):
            batch_op.alter_column(column, server_default=None)
        batch_op.create_index('uq_handoffs_open_chat', ['conversation_id'], unique=True, sqlite_where=sa.text(OPEN_CHAT), postgresql_where=sa.text(OPEN_CHAT))

    with op.batch_alter_table('messages', schema=None) as batch_op:
        batch_op.add_column(sa.Column('english', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('staff_id', sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column('revision', sa.Integer(), nullable=False, server_default='0'))
        batch_op.create_foreign_key(batch_op.f('fk_messages_staff_id_staff'), 'staff', ['staff_id'], ['id'])
        batch_op.drop_constraint(batch_op.f('ck_messages_status'), type_='check')
        batch_op.create_check_constraint(batch_op.f('ck_messages_status'), "status IN ('received', 'answered', 'queued', 'sent')")
    with op.batch_alter_table('messages', schema=None) as batch_op:
        batch_op.alter_column('revision', server_default=None)



def downgrade() -> None:
    """Take back."""
    op.execute("UPDATE messages SET status = 'sent' WHERE status = 'queued'")
    with op.batch_alter_table('messages', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_messages_status'), type_='check')
        batch_op.create_check_constraint(batch_op.f('ck_messages_status'), "status IN ('received', 'answered', 'sent')")
        batch_op.drop_constraint(batch_op.f('fk_messages_staff_id_staff'), type_='foreignkey')
        batch_op.drop_column('revision')
        batch_op.drop_column('staff_id')
        batch_op.drop_column('english')

    with op.batch_alter_table('handoffs', schema=None) as batch_op:
        batch_op.add_column(sa.Column('team', sa.VARCHAR(length=100), nullable=True))
        batch_op.drop_index('uq_handoffs_open_chat')
        batch_op.drop_constraint(batch_op.f('ck_handoffs_left_with'), type_='check')
        batch_op.drop_constraint(batch_op.f('fk_handoffs_told_message_id_messages'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('fk_handoffs_reopened_from_id_handoffs'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('fk_handoffs_transfer_staff_id_staff'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('fk_handoffs_team_id_teams'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('fk_handoffs_transfer_team_id_teams'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('fk_handoffs_patient_id_patients'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('fk_handoffs_claimed_by_id_staff'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('fk_handoffs_resolved_by_id_staff'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_handoffs_team_id'))
        batch_op.drop_index(batch_op.f('ix_handoffs_state'))
        batch_op.drop_index(batch_op.f('ix_handoffs_claimed_by_id'))
        batch_op.drop_column('reopened_from_id')
        batch_op.drop_column('record_state')
        batch_op.drop_column('left_due_on')
        batch_op.drop_column('left_with')
        batch_op.drop_column('done')
        batch_op.drop_column('resolved_by_id')
        batch_op.drop_column('resolved_at')
        batch_op.drop_column('transfer_at')
        batch_op.drop_column('transfer_note')
        batch_op.drop_column('transfer_team_id')
        batch_op.drop_column('transfer_staff_id')
        batch_op.drop_column('read_seq')
        batch_op.drop_column('last_staff_at')
        batch_op.drop_column('claimed_at')
        batch_op.drop_column('claimed_by_id')
        batch_op.drop_column('told_reply_by')
        batch_op.drop_column('told_position')
        batch_op.drop_column('told_message_id')
        batch_op.drop_column('escalated_at')
        batch_op.drop_column('escalation')
        batch_op.drop_column('first_reply_at')
        batch_op.drop_column('reply_due_at')
        batch_op.drop_column('patient_id')
        batch_op.drop_column('team_id')

    with op.batch_alter_table('conversations', schema=None) as batch_op:
        batch_op.drop_column('sender_name')
        batch_op.drop_column('sender_until')

    with op.batch_alter_table('interpreter_calls', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_interpreter_calls_handoff_id'))

    op.drop_table('interpreter_calls')
    with op.batch_alter_table('interface_issues', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_interface_issues_team_id'))

    op.drop_table('interface_issues')
    with op.batch_alter_table('handoff_notes', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_handoff_notes_handoff_id'))

    op.drop_table('handoff_notes')
    with op.batch_alter_table('message_translations', schema=None) as batch_op:
        batch_op.drop_index('ix_message_translations_state')

    op.drop_table('message_translations')
    op.drop_table('memberships')
    with op.batch_alter_table('teams', schema=None) as batch_op:
        batch_op.drop_index('uq_teams_default', sqlite_where=sa.text('is_default IS 1'), postgresql_where=sa.text('is_default IS true'))
        batch_op.drop_index(batch_op.f('ix_teams_organisation_id'))

    op.drop_table('teams')
    with op.batch_alter_table('staff_sessions', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_staff_sessions_staff_id'))

    op.drop_table('staff_sessions')
    op.drop_table('staff')
    with op.batch_alter_table('sign_in_attempts', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_sign_in_attempts_email_hash'))
        batch_op.drop_index(batch_op.f('ix_sign_in_attempts_at'))
        batch_op.drop_index(batch_op.f('ix_sign_in_attempts_address_hash'))

    op.drop_table('sign_in_attempts')
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.drop_index('ix_outbox_open')
        batch_op.drop_index(batch_op.f('ix_outbox_conversation_id'))

    op.drop_table('outbox')
    op.drop_table('event_counter')
    with op.batch_alter_table('console_events', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_console_events_team_id'))
        batch_op.drop_index(batch_op.f('ix_console_events_conversation_id'))

    op.drop_table('console_events')
