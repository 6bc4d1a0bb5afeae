#!/usr/bin/python3
"""Behaviours of MQTT 3.1.1 as Eclipse Paho's interoperability suite checks them, against a broker on 127.0.0.1.

    interop.py PORT            runs all
    interop.py PORT NAME...    runs these
    interop.py --list          prints the names

Prints one JSON object a behaviour, {"name", "ok", "detail"}; exits 0 if all hold, 1 if not, 3 where python3-paho-mqtt is missing.
Clauses are those of the MQTT 3.1.1 standard (OASIS, 29 October 2014).
"""
import json
import socket
import sys
import time

try:
    import paho.mqtt.client as paho
except ImportError:
    print("this Python has no paho.mqtt; install it: apt-get install python3-paho-mqtt", file=sys.stderr)
    sys.exit(3)

HOST = "127.0.0.1"
PORT = 0
ANSWER_S = 10.0
"""Long enough for any answer; a behaviour that holds never waits so long."""
FAILURE = 0x80

TOPICS = ("TopicA", "TopicA/B", "Topic/C", "TopicA/C", "/TopicA")


class Broken(Exception):
    """A behaviour does not hold; says what came instead."""


def expect(condition, detail):
    if not condition:
        raise Broken(str(detail))


def eventually(what, look, within_s=ANSWER_S):
    end = time.monotonic() + within_s
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            raise Broken("waited %.0f s for %s" % (within_s, what))
        time.sleep(0.01)


class Client:
    """A Paho client that remembers what it was sent: (topic, payload, qos, retain)."""

    def __init__(self, client_id, clean=True, will=None, keepalive=60):
        self.received = []
        self.grants = {}
        self.unsubscribed = set()
        self.code = None
        self.session_present = None
        self.gone = False
        self.keepalive = keepalive
        # Version 2 of the library asks which callbacks are meant.
        versions = getattr(paho, "CallbackAPIVersion", None)
        first = () if versions is None else (versions.VERSION1,)
        self.paho = paho.Client(*first, client_id, clean_session=clean, protocol=paho.MQTTv311)
        self.paho.on_message = lambda _c, _u, m: self.received.append((m.topic, m.payload.decode(), m.qos, m.retain))
        self.paho.on_subscribe = lambda _c, _u, mid, granted: self.grants.__setitem__(mid, tuple(granted))
        self.paho.on_unsubscribe = lambda _c, _u, mid: self.unsubscribed.add(mid)
        self.paho.on_connect = self._connected
        self.paho.on_disconnect = lambda _c, _u, _rc: setattr(self, "gone", True)
        if will is not None:
            self.paho.will_set(*will)

    def _connected(self, _client, _userdata, flags, code):
        self.session_present = flags["session present"] == 1
        self.code = code

    def __enter__(self):
        self.paho.connect(HOST, PORT, self.keepalive)
        self.paho.loop_start()
        eventually("CONNACK", lambda: self.code is not None)
        return self

    def __exit__(self, *_):
        self.paho.disconnect()
        self.paho.loop_stop()

    def subscribe(self, *filters):
        """(filter, QoS) each; gives the return codes of the SUBACK."""
        _, mid = self.paho.subscribe(list(filters))
        return eventually("SUBACK", lambda: self.grants.get(mid))

    def unsubscribe(self, topic_filter):
        _, mid = self.paho.unsubscribe(topic_filter)
        eventually("UNSUBACK", lambda: mid in self.unsubscribed)

    def publish(self, topic, payload, qos=1, retain=False):
        """Resolves once the broker has acknowledged it (QoS 0: once it is written)."""
        self.paho.publish(topic, payload, qos, retain).wait_for_publish(ANSWER_S)

    def take(self, count):
        """So many messages, once they are there."""
        eventually("%d messages, not %s" % (count, self.received), lambda: len(self.received) >= count)
        return self.received[:count]

    def all_so_far(self):
        """What has been sent to this client, nothing left on its way: a message to itself comes behind it."""
        mark = "end/%s/%d" % (self.paho._client_id.decode(), time.monotonic_ns())
        self.subscribe((mark, 1))
        self.publish(mark, "end")
        eventually("the end mark", lambda: any(topic == mark for topic, *_ in self.received))
        self.unsubscribe(mark)
        return [message for message in self.received if not message[0].startswith("end/")]

    def vanish(self):
        """The connection breaks without DISCONNECT."""
        self.paho.loop_stop()
        self.paho._sock.close()


def forget(*client_ids):
    """A clean connection ends what is kept for a client. [MQTT-3.1.2-6]"""
    for client_id in client_ids:
        with Client(client_id):
            pass


def connect_packet(client_id, flags):
    name = client_id.encode()
    body = b"\x00\x04MQTT\x04" + bytes([flags]) + b"\x00\x3c" + len(name).to_bytes(2, "big") + name
    return b"\x10" + bytes([len(body)]) + body


def raw(client_id, clean):
    """A bare connection, so that what is not acknowledged stays so; with its CONNACK."""
    connection = socket.create_connection((HOST, PORT), timeout=ANSWER_S)
    connection.sendall(connect_packet(client_id, 2 if clean else 0))
    return connection, read_packet(connection)


def read_exactly(connection, count):
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            raise Broken("the connection was closed after %r" % data)
        data += more
    return data


def read_packet(connection):
    """First byte and the rest, without the length."""
    first = read_exactly(connection, 1)
    length = shift = 0
    while True:
        byte = read_exactly(connection, 1)[0]
        length |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return first + read_exactly(connection, length)


def read_publishes(connection, count):
    """(DUP, packet id, topic, payload) of QoS 1 and 2 messages."""
    found = []
    while len(found) < count:
        packet = read_packet(connection)
        if packet[0] >> 4 != 3:
            continue
        end = 3 + int.from_bytes(packet[1:3], "big")
        found.append(((packet[0] & 8) != 0, int.from_bytes(packet[end:end + 2], "big"), packet[3:end].decode(), packet[end + 2:].decode()))
    return found


BEHAVIOURS = {}


def behaviour(function):
    """Registers it under its words: its name with spaces."""
    BEHAVIOURS[function.__name__.replace("_", " ")] = function
    return function


@behaviour
def each_quality_of_service_delivers():
    # [MQTT-4.3.1-1], [MQTT-4.3.2-1], [MQTT-4.3.3-1]
    with Client("a") as a:
        a.subscribe((TOPICS[0], 2))
        for qos in (0, 1, 2):
            a.publish(TOPICS[0], "qos %d" % qos, qos)
        got = sorted((payload, qos) for _, payload, qos, _ in a.take(3))
        expect(got == [("qos 0", 0), ("qos 1", 1), ("qos 2", 2)], got)


@behaviour
def retained_messages_come_to_a_new_subscription_marked_as_such():
    # [MQTT-3.3.1-6], [MQTT-3.3.1-8]
    with Client("a") as a:
        for qos, topic in enumerate(TOPICS[1:4]):
            a.publish(topic, "kept %d" % qos, qos, True)
        a.subscribe(("+/+", 2))
        got = sorted((topic, retain) for topic, _, _, retain in a.all_so_far())
        for topic in TOPICS[1:4]:
            a.publish(topic, "", 1, True)
        expect(got == sorted((topic, True) for topic in TOPICS[1:4]), got)


@behaviour
def an_empty_retained_message_clears_the_topic():
    # [MQTT-3.3.1-10], [MQTT-3.3.1-11]
    with Client("a") as a:
        for qos, topic in enumerate(TOPICS[1:4]):
            a.publish(topic, "kept", qos, True)
            a.publish(topic, "", qos, True)
        a.subscribe(("+/+", 2))
        expect(a.all_so_far() == [], a.received)


@behaviour
def a_retained_message_comes_with_no_more_than_the_granted_quality():
    # [MQTT-3.8.4-6]
    with Client("a") as a:
        a.publish(TOPICS[1], "kept", 2, True)
        a.subscribe(("+/+", 0))
        got = [qos for _, _, qos, _ in a.take(1)]
        a.publish(TOPICS[1], "", 1, True)
        expect(got == [0], got)


@behaviour
def a_live_message_is_not_marked_as_retained():
    # [MQTT-3.3.1-9]
    with Client("a") as a:
        a.subscribe((TOPICS[0], 1))
        a.publish(TOPICS[0], "live", 1, True)
        (_, _, _, retain), = a.take(1)
        a.publish(TOPICS[0], "", 1, True)
        expect(not retain, a.received)


@behaviour
def a_will_is_published_when_the_connection_breaks():
    # [MQTT-3.1.2-8]
    with Client("b") as b:
        b.subscribe((TOPICS[2], 2))
        a = Client("a", will=(TOPICS[2], "gone", 1, False)).__enter__()
        a.vanish()
        expect([payload for _, payload, _, _ in b.take(1)] == ["gone"], b.received)


@behaviour
def a_will_is_discarded_by_disconnect():
    # [MQTT-3.14.4-3]
    with Client("b") as b:
        b.subscribe((TOPICS[2], 2))
        with Client("a", will=(TOPICS[2], "gone", 1, False)):
            pass
        expect(b.all_so_far() == [], b.received)


@behaviour
def a_client_that_is_silent_beyond_its_keep_alive_is_cut():
    # [MQTT-3.1.2-24]: one and a half times the keep alive
    with Client("b") as b:
        b.subscribe((TOPICS[4], 2))
        a = Client("a", will=(TOPICS[4], "silent", 1, False), keepalive=2).__enter__()
        a.paho.loop_stop()
        time.sleep(2)
        expect(b.received == [], "cut within its keep alive: %s" % b.received)
        expect([payload for _, payload, _, _ in b.take(1)] == ["silent"], b.received)


@behaviour
def a_kept_session_has_what_came_while_its_client_was_away():
    # [MQTT-3.1.2-5], [MQTT-3.2.2-2]
    forget("a")
    with Client("a", clean=False) as a:
        expect(not a.session_present, "a session was there before")
        a.subscribe(("+/+", 2))
    with Client("b") as b:
        for qos in (1, 2):
            b.publish(TOPICS[1 + qos], "while away %d" % qos, qos)
    with Client("a", clean=False) as a:
        expect(a.session_present, "no session present")
        got = [(payload, qos) for _, payload, qos, _ in a.take(2)]
        expect(got == [("while away 1", 1), ("while away 2", 2)], got)
        expect(len(a.all_so_far()) == 2, a.received)
    forget("a")


@behaviour
def a_clean_connection_ends_the_kept_session():
    # [MQTT-3.1.2-6], [MQTT-3.2.2-1]
    with Client("a", clean=False) as a:
        a.subscribe((TOPICS[0], 1))
    forget("a")
    with Client("b") as b:
        b.publish(TOPICS[0], "to nobody")
    with Client("a", clean=False) as a:
        expect(not a.session_present, "the session is still there")
        expect(a.all_so_far() == [], a.received)
    forget("a")


@behaviour
def overlapping_subscriptions_deliver_with_the_highest_granted_quality():
    # [MQTT-3.3.5-1]: one message at the highest, or one for each subscription
    with Client("a") as a:
        a.subscribe(("TopicA/#", 2), ("TopicA/+", 1))
        a.publish(TOPICS[3], "overlap", 2)
        got = sorted(qos for _, _, qos, _ in a.all_so_far())
        expect(got in ([2], [1, 2]), got)


@behaviour
def a_message_comes_with_the_lower_of_its_own_and_the_granted_quality():
    # [MQTT-3.8.4-6]; a second subscription to the same filter replaces the first, [MQTT-3.8.4-3]
    with Client("a") as a:
        for granted in (1, 0):
            a.received.clear()
            a.subscribe(("TopicA/+", granted))
            a.publish(TOPICS[1], "down to %d" % granted, 2)
            got = [qos for _, _, qos, _ in a.all_so_far()]
            expect(got == [granted], got)


@behaviour
def an_empty_client_id_is_refused_for_a_kept_session():
    # [MQTT-3.1.3-8]: return code 2, and the connection is closed
    connection, connack = raw("", clean=False)
    with connection:
        expect(connack == b"\x20\x00\x02", connack)
        expect(connection.recv(1) == b"", "the connection stays open")


@behaviour
def an_empty_client_id_is_taken_for_a_clean_one():
    # [MQTT-3.1.3-6]
    connection, connack = raw("", clean=True)
    with connection:
        expect(connack == b"\x20\x00\x00", connack)


@behaviour
def shared_and_system_subscriptions_are_refused():
    # [MQTT-3.9.3-2]: 0x80; the gateway offers neither
    with Client("a") as a:
        got = a.subscribe(("$share/group/topic", 1), ("$SYS/#", 0), (TOPICS[0], 1))
        expect(got == (FAILURE, FAILURE, 1), got)


@behaviour
def wildcards_do_not_match_topics_that_begin_with_a_dollar():
    # [MQTT-4.7.2-1]
    with Client("a") as a:
        a.subscribe(("#", 2), ("+/+", 2))
        a.all_so_far()
        a.received.clear()
        a.publish("$TopicA/B", "hidden", 1)
        got = a.all_so_far()
        expect([topic for topic, *_ in got if topic.startswith("$")] == [], got)


@behaviour
def wildcards_match_by_levels():
    # [MQTT-4.7.1-2], [MQTT-4.7.1-3], [MQTT-4.7.3-4]
    cases = {"TopicA/#": {"TopicA", "TopicA/B", "TopicA/C"}, "+/C": {"Topic/C", "TopicA/C"}, "/+": {"/TopicA"}, "+/+": {"TopicA/B", "Topic/C", "TopicA/C", "/TopicA"}}
    for topic_filter, wanted in cases.items():
        with Client("a") as a:
            a.subscribe((topic_filter, 1))
            for topic in TOPICS:
                a.publish(topic, "x")
            got = {topic for topic, *_ in a.all_so_far()}
            expect(got == wanted, "%s matched %s" % (topic_filter, got))


@behaviour
def what_was_not_acknowledged_comes_again_with_its_packet_id_and_the_duplicate_flag():
    # [MQTT-4.4.0-1], [MQTT-3.3.1-1]
    forget("b")
    first, _ = raw("b", clean=False)
    with first:
        # SUBSCRIBE, packet id 1, TopicA/#, QoS 2
        first.sendall(b"\x82\x0d\x00\x01\x00\x08TopicA/#\x02")
        expect(read_packet(first) == b"\x90\x00\x01\x02", "no SUBACK")
        with Client("a") as a:
            a.publish(TOPICS[1], "one", 1)
            a.publish(TOPICS[3], "two", 2)
        before = read_publishes(first, 2)
    second, connack = raw("b", clean=False)
    with second:
        expect(connack == b"\x20\x01\x00", connack)
        after = read_publishes(second, 2)
    expect([duplicate for duplicate, *_ in before] == [False, False], before)
    expect(after == [(True, *message[1:]) for message in before], (before, after))
    forget("b")


@behaviour
def messages_of_one_publisher_stay_in_order():
    # [MQTT-4.6.0-6]
    with Client("b") as b, Client("a") as a:
        b.subscribe((TOPICS[0], 2))
        for qos in (1, 2):
            b.received.clear()
            # All under way at once.
            for n in range(50):
                a.paho.publish(TOPICS[0], str(n), qos)
            got = [int(payload) for _, payload, _, _ in b.take(50)]
            expect(got == list(range(50)), got)


@behaviour
def unsubscribe_ends_delivery():
    # [MQTT-3.10.4-2]
    with Client("a") as a:
        a.subscribe((TOPICS[0], 2))
        a.unsubscribe(TOPICS[0])
        a.publish(TOPICS[0], "to nobody")
        expect(a.all_so_far() == [], a.received)


@behaviour
def a_second_connection_with_the_same_client_id_takes_over():
    # [MQTT-3.1.4-2]
    first, _ = raw("twice", clean=True)
    with first, Client("twice") as second:
        expect(second.code == 0, second.code)
        expect(first.recv(1) == b"", "the first connection stays open")


@behaviour
def a_second_connect_on_one_connection_is_cut():
    # [MQTT-3.1.0-2]
    connection, _ = raw("again", clean=True)
    with connection:
        connection.sendall(connect_packet("again", 2))
        expect(connection.recv(1) == b"", "it stays open")


def run(name):
    try:
        BEHAVIOURS[name]()
        return {"name": name, "ok": True, "detail": ""}
    except Broken as broken:
        return {"name": name, "ok": False, "detail": str(broken)}
    except OSError as error:
        return {"name": name, "ok": False, "detail": "%s: %s" % (type(error).__name__, error)}


def main(arguments):
    global PORT
    if arguments == ["--list"]:
        print("\n".join(BEHAVIOURS))
        return 0
    if not arguments or not arguments[0].isdigit() or any(name not in BEHAVIOURS for name in arguments[1:]):
        print(__doc__, file=sys.stderr)
        return 2
    PORT = int(arguments[0])
    good = True
    for name in arguments[1:] or BEHAVIOURS:
        result = run(name)
        good = good and result["ok"]
        print(json.dumps(result), flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
