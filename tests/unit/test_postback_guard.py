"""What the guard lets through, by text and by address."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.egress.addresses import AllowedNetworks, refusal_of
from controller.egress.guard import Guard
from controller.egress.urls import MalformedUrl
from controller.errors import UrlRefused
from controller.postbacks.lanes import UNUSABLE, lane_of

# The forms collected in PayloadsAllTheThings (“Server Side Request Forgery”) and in the OWASP SSRF prevention cheat
# sheet, as far as their text alone gives them away.
HOSTILE = [
    "http://127.0.0.1",
    "http://127.0.0.1:80",
    "http://127.0.0.1:22",
    "http://127.127.127.127",
    "http://127.0.1.3",
    "http://127.0.0.0",
    "http://0.0.0.0:80",
    "http://0.0.0.0:443",
    "http://[::]:80/",
    "http://[::]:25/",
    "http://[0000::1]:80/",
    "http://[0:0:0:0:0:ffff:127.0.0.1]",
    "http://[::ffff:127.0.0.1]",
    "http://[::ffff:7f00:1]/",
    "http://[::ffff:169.254.169.254]/latest/meta-data/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b::10.0.0.1]/",
    "http://[64:ff9b:1::a00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2002:c0a8:101::1]/",
    "http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
    "http://[fe80::1]/",
    "http://[fe80::1%25eth0]/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://[fc00::1]/",
    "http://[fec0::1]/",
    "http://[ff02::1]/",
    "http://[::1]:8088/ari/channels",
    "http://0177.0.0.1/",
    "http://o177.0.0.1.7f000001/".replace("7f000001", "0x7f000001"),
    "http://2130706433/",
    "http://3232235521/",
    "http://3232235777/",
    "http://2852039166/",
    "http://0x7f000001/",
    "http://0x7f.0x0.0x0.0x1/",
    "http://0xc0a80014/",
    "http://0x7f.1/",
    "http://017700000001/",
    "http://0/",
    "http://127.1/",
    "http://127.0.1/",
    "http://1.1/",
    "http://127.0.0.1./",
    "http://①②⑦.⓪.⓪.①/",
    "http://１２７.０.０.１/",  # noqa: RUF001
    "http://127。0。0。1/",
    "http://169.254.169.254/latest/user-data",
    "http://169.254.169.254/computeMetadata/v1/",
    "http://169.254.170.2/v2/credentials",
    "http://100.100.100.200/latest/meta-data/",
    "http://192.0.0.192/latest/",
    "http://168.63.129.16/",
    "http://10.0.0.5/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://198.18.0.1/",
    "http://192.0.2.1/",
    "http://224.0.0.1/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://example.com@127.0.0.1/",
    "http://192.0.2.1 &@198.51.100.2# @203.0.113.3/",
    "http://127.1.1.1:80\\@127.2.2.2:80/",
    "http://127.1.1.1:80:\\@@127.2.2.2:80/",
    "http:127.0.0.1/",
    "http:///example.com/",
    "http://",
    "//example.com/",
    "/calls",
    "example.com",
    "",
    " http://example.com/",
    "http://example.com/\r\nHost: 127.0.0.1",
    "http://exa\tmple.com/",
    "http://example.com\0.evil/",
    "http://example.com:0/",
    "http://example.com:25/",
    "http://acme..example/",
    "http://user:password@10.0.0.5/",
    "http://example.com:6379/",
    "http://example.com:5038/",
    "http://example.com:99999/",
    "http://example.com:abc/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:25/_HELO",
    "dict://example.com:11111/",
    "ldap://example.com/",
    "sftp://example.com/",
    "jar:http://example.com!/",
    "netdoc:///etc/passwd",
    "javascript:alert(1)",
    "data:text/plain,hello",
    "http://" + "a" * 3000,
]


@pytest.mark.parametrize("url", HOSTILE)
def test_a_hostile_url_is_refused_by_its_text(url: str) -> None:
    with pytest.raises(UrlRefused, match="refused by the guard"):
        Guard().check(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "https://example.com:8443/calls?x=1",
        "http://[2d00::1]/",
        "http://bücher.example/",
        "http://example.com./",
        "http://3com.example/",
    ],
)
def test_an_ordinary_url_passes(url: str) -> None:
    Guard().check(url)


@pytest.mark.parametrize(
    ("address", "refusal"),
    [
        ("10.0.0.5", "private"),
        ("127.0.0.1", "loopback"),
        ("169.254.169.254", "a metadata service"),
        ("169.254.1.1", "link-local"),
        ("100.64.0.1", "a carrier's shared address"),
        ("224.0.0.251", "multicast"),
        ("0.0.0.0", "unspecified"),
        ("::", "unspecified"),
        ("::ffff:10.0.0.5", "the IPv4-mapped form of 10.0.0.5, which is private"),
        ("64:ff9b::a00:5", "the NAT64 form of 10.0.0.5, which is private"),
        ("2002:a00:5::", "the 6to4 form of 10.0.0.5, which is private"),
        ("2002:808:808::", "a tunnel into another network"),
        ("4000::1", "reserved"),
        ("2d00::1", None),  # given to nobody, and of no special purpose
    ],
)
def test_an_address_is_refused_by_its_kind(address: str, refusal: str | None) -> None:
    assert refusal_of(ip_address(address)) == refusal


@pytest.mark.parametrize("last", ["192.0.2.255", "198.51.100.255", "203.0.113.255", "64:ff9b::cb00:71ff"])
def test_what_lies_beside_a_reserved_network_is_not_refused(last: str) -> None:
    beside = ip_address(last) + 1
    assert refusal_of(ip_address(last)) is not None
    assert refusal_of(beside) is None
    Guard().check(f"https://{f'[{beside}]' if beside.version == 6 else beside}/")


def test_the_administrator_opens_named_networks_and_nothing_else() -> None:
    guard = Guard(["127.0.0.0/8", "fd00:1::/64"])
    guard.check("http://127.0.0.1:8090/")
    guard.check("http://[fd00:1::5]/")
    for url in ("http://10.0.0.1/", "http://[::1]/", "http://[fd00:2::5]/", "http://127.0.0.1:5038/"):
        with pytest.raises(UrlRefused):
            guard.check(url)


@pytest.mark.parametrize("host", ["[::ffff:169.254.16\U0001f600]", "[::1\u00a2]", "[\u2460]", "x[::1]"])
def test_an_authority_that_cannot_be_sent_is_refused(host: str) -> None:
    with pytest.raises(UrlRefused):
        Guard().check(f"http://{host}/latest")


def test_one_port_of_an_address_is_opened_and_no_other() -> None:
    guard = Guard(["127.0.0.1:8090", "[::1]:9000"])
    guard.check("http://127.0.0.1:8090/calls")
    guard.check("http://[::1]:9000/")
    for url in ("http://127.0.0.1/", "http://127.0.0.1:8080/metrics", "http://127.0.0.2:8090/", "http://[::1]:8090/"):
        with pytest.raises(UrlRefused, match="is loopback"):
            guard.check(url)


def test_an_opened_network_is_open_in_its_mapped_form_too() -> None:
    assert AllowedNetworks(["10.0.0.0/8"]).refusal(ip_address("::ffff:10.0.0.5"), 80) is None


def test_what_a_text_can_never_become_is_told_from_what_an_administrator_could_open() -> None:
    with pytest.raises(MalformedUrl):
        Guard().check("ftp://example.com/")
    with pytest.raises(UrlRefused) as refused:
        Guard().check("http://10.0.0.5/")
    assert not isinstance(refused.value, MalformedUrl)
    assert str(refused.value) == "refused by the guard: 10.0.0.5 is private"


@given(st.integers(0, 2**32 - 1))
def test_every_way_to_hide_a_refused_ipv4_address_in_an_ipv6_one_is_refused(number: int) -> None:
    plain = ip_address(number)
    if refusal_of(plain) is None:
        return
    for prefix in (0xFFFF << 32, 0x64FF9B << 96, 0):
        assert refusal_of(ip_address(int(ip_address("::")) + prefix + number if prefix else f"::{plain}")) is not None
    assert refusal_of(ip_address((0x2002 << 112) + (number << 80))) is not None


@given(st.text())
def test_any_text_is_refused_or_parsed_and_has_a_lane(text: str) -> None:
    for url in (text, f"http://{text}", f"https://example.com/{text}"):
        try:
            parsed = Guard().check(url)
        except UrlRefused:
            pass
        else:
            assert parsed.scheme in ("http", "https")
            assert lane_of(url) != UNUSABLE
        lane_of(url).encode()
