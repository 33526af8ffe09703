"""What the methods about queues take and answer. The names are the vendor's, its misspelling included."""

from __future__ import annotations

from controller.api.bindings.model import element, parameters, structure
from controller.api.voipms.account import NAMESPACE

_ESTIMATED = "if_announce_position_enabled_report_estimated_hold_time"
QUEUE_FIELDS = (
    "queue_name",
    "queue_number",
    "queue_language",
    "queue_password",
    "callerid_prefix",
    "join_announcement",
    "priority_weight",
    "agent_announcement",
    "report_hold_time_agent",
    "member_delay",
    "music_on_hold",
    "maximum_wait_time",
    "maximum_callers",
    "join_when_empty",
    "leave_when_empty",
    "ring_strategy",
    "ring_inuse",
    "agent_ring_timeout",
    "retry_timer",
    "wrapup_time",
    "voice_announcement",
    "frequency_announcement",
    "announce_position_frecuency",
    "announce_round_seconds",
    _ESTIMATED,
    "thankyou_for_your_patience",
    "fail_over_routing_timeout",
    "fail_over_routing_full",
    "fail_over_routing_join_empty",
    "fail_over_routing_leave_empty",
    "fail_over_routing_join_unavail",
    "fail_over_routing_leave_unavail",
)


@parameters
class QueueFilter:
    """Which queue; all without one."""

    queue: str = element("queue", default="")


@structure("Queue", NAMESPACE)
class QueueInfo:
    """A queue: what setQueue takes."""

    queue: str = element("queue")
    queue_name: str = element("queue_name")
    queue_number: str = element("queue_number")
    queue_language: str = element("queue_language")
    queue_password: str = element("queue_password")
    callerid_prefix: str = element("callerid_prefix")
    join_announcement: str = element("join_announcement")
    priority_weight: str = element("priority_weight")
    agent_announcement: str = element("agent_announcement")
    report_hold_time_agent: str = element("report_hold_time_agent")
    member_delay: str = element("member_delay")
    music_on_hold: str = element("music_on_hold")
    maximum_wait_time: str = element("maximum_wait_time")
    maximum_callers: str = element("maximum_callers")
    join_when_empty: str = element("join_when_empty")
    leave_when_empty: str = element("leave_when_empty")
    ring_strategy: str = element("ring_strategy")
    ring_inuse: str = element("ring_inuse")
    agent_ring_timeout: str = element("agent_ring_timeout")
    retry_timer: str = element("retry_timer")
    wrapup_time: str = element("wrapup_time")
    voice_announcement: str = element("voice_announcement")
    frequency_announcement: str = element("frequency_announcement")
    announce_position_frecuency: str = element("announce_position_frecuency")
    announce_round_seconds: str = element("announce_round_seconds")
    if_announce_position_enabled_report_estimated_hold_time: str = element(_ESTIMATED)
    thankyou_for_your_patience: str = element("thankyou_for_your_patience")
    fail_over_routing_timeout: str = element("fail_over_routing_timeout")
    fail_over_routing_full: str = element("fail_over_routing_full")
    fail_over_routing_join_empty: str = element("fail_over_routing_join_empty")
    fail_over_routing_leave_empty: str = element("fail_over_routing_leave_empty")
    fail_over_routing_join_unavail: str = element("fail_over_routing_join_unavail")
    fail_over_routing_leave_unavail: str = element("fail_over_routing_leave_unavail")


@structure("getQueuesOutput", NAMESPACE)
class QueuesAnswer:
    """Queues."""

    queues: tuple[QueueInfo, ...] = element("queues")


@parameters
class SetQueue:
    """A queue; a new one where no number of one is given."""

    queue: str = element("queue", default="")
    queue_name: str = element("queue_name", default="")
    queue_number: str = element("queue_number", default="")
    queue_language: str = element("queue_language", default="")
    queue_password: str = element("queue_password", default="")
    callerid_prefix: str = element("callerid_prefix", default="")
    join_announcement: str = element("join_announcement", default="")
    priority_weight: str = element("priority_weight", default="")
    agent_announcement: str = element("agent_announcement", default="")
    report_hold_time_agent: str = element("report_hold_time_agent", default="")
    member_delay: str = element("member_delay", default="")
    music_on_hold: str = element("music_on_hold", default="")
    maximum_wait_time: str = element("maximum_wait_time", default="")
    maximum_callers: str = element("maximum_callers", default="")
    join_when_empty: str = element("join_when_empty", default="")
    leave_when_empty: str = element("leave_when_empty", default="")
    ring_strategy: str = element("ring_strategy", default="")
    ring_inuse: str = element("ring_inuse", default="")
    agent_ring_timeout: str = element("agent_ring_timeout", default="")
    retry_timer: str = element("retry_timer", default="")
    wrapup_time: str = element("wrapup_time", default="")
    voice_announcement: str = element("voice_announcement", default="")
    frequency_announcement: str = element("frequency_announcement", default="")
    announce_position_frecuency: str = element("announce_position_frecuency", default="")
    announce_round_seconds: str = element("announce_round_seconds", default="")
    if_announce_position_enabled_report_estimated_hold_time: str = element(_ESTIMATED, default="")
    thankyou_for_your_patience: str = element("thankyou_for_your_patience", default="")
    fail_over_routing_timeout: str = element("fail_over_routing_timeout", default="")
    fail_over_routing_full: str = element("fail_over_routing_full", default="")
    fail_over_routing_join_empty: str = element("fail_over_routing_join_empty", default="")
    fail_over_routing_leave_empty: str = element("fail_over_routing_leave_empty", default="")
    fail_over_routing_join_unavail: str = element("fail_over_routing_join_unavail", default="")
    fail_over_routing_leave_unavail: str = element("fail_over_routing_leave_unavail", default="")


@structure("setQueueOutput", NAMESPACE)
class QueueAnswer:
    """The number of a queue."""

    queue: int = element("queue")


@parameters
class MemberFilter:
    """A queue, and which of its members; all without one."""

    queue: str = element("queue", default="")
    member: str = element("member", default="")


@structure("StaticMember", NAMESPACE)
class MemberInfo:
    """A member of a queue. account: its phone."""

    member: str = element("member")
    queue_name: str = element("queue_name")
    name: str = element("name")
    account: str = element("account")
    priority: str = element("priority")


@structure("getStaticMembersOutput", NAMESPACE)
class MembersAnswer:
    """Members of a queue."""

    members: tuple[MemberInfo, ...] = element("members")


@parameters
class SetMember:
    """A member of a queue; a new one where no number of one is given."""

    member: str = element("member", default="")
    queue: str = element("queue", default="")
    member_name: str = element("member_name", default="")
    name: str = element("name", default="")
    account: str = element("account", default="")
    priority: str = element("priority", default="")


@structure("setStaticMemberOutput", NAMESPACE)
class MemberAnswer:
    """The number of a member."""

    member: int = element("member")
