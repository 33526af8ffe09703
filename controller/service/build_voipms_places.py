"""The methods of VoIP.ms about where calls go: forwardings, ring groups, queues, mailboxes and the like."""

from __future__ import annotations

from controller.api.voipms.callbacks import CallbackMethods
from controller.api.voipms.caller_filtering import CallerFilteringMethods
from controller.api.voipms.disas import DisaMethods
from controller.api.voipms.forwardings import ForwardingMethods
from controller.api.voipms.mailbox_messages import MailboxMessageMethods
from controller.api.voipms.mailboxes import MailboxMethods
from controller.api.voipms.phonebook import PhonebookMethods
from controller.api.voipms.queues import QueueMethods
from controller.api.voipms.recordings import RecordingEntries
from controller.api.voipms.ring_groups import RingGroupMethods
from controller.api.voipms.routing_checks import RoutingChecks
from controller.api.voipms.time_conditions import TimeConditionMethods
from controller.calls.store.voicemail_messages import VoicemailMessages
from controller.directory.current import CurrentDirectory
from controller.directory.entries import Entries
from controller.directory.key_sounds import KeySounds
from controller.store.database import Database


def place_methods(
    directory: CurrentDirectory,
    entries: Entries,
    checks: RoutingChecks,
    recordings: RecordingEntries,
    sounds: KeySounds,
    database: Database,
) -> tuple[object, ...]:
    """What declares these methods."""
    return (
        ForwardingMethods(directory, entries),
        CallbackMethods(directory, entries),
        TimeConditionMethods(entries, checks),
        CallerFilteringMethods(directory, entries, checks),
        RingGroupMethods(entries, checks),
        QueueMethods(entries, checks),
        DisaMethods(directory, entries),
        PhonebookMethods(entries),
        MailboxMethods(entries, recordings),
        MailboxMessageMethods(entries, VoicemailMessages(database), sounds),
    )
