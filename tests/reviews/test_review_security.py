"""Who is let in to the review page, and how much of what they send is read."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from ptool.errors import ConfigError
from ptool.reviews.server.running import access_of, link, listening_address, serve_pages
from ptool.reviews.server.security import MAX_BODY, Access
from ptool.settings.review_server import ReviewServerOptions
from review_site import BASE, PORT, Site, site_of, tiny_run

FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site_of(tiny_run(tmp_path_factory.mktemp("review"))) as opened:
        yield opened


@pytest.fixture
async def entered(site: Site) -> Site:
    """Somebody who may come in."""
    browser = site.other()
    await browser.enter("Ada")
    return browser


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", f"evil.example:{PORT}", "127.0.0.1", "127.0.0.1:1", f"127.0.0.1.evil.example:{PORT}",
        f"evil@127.0.0.1:{PORT}", f"127.0.0.1:{PORT}/", f"127.0.0.1:{PORT}#", f"localhost.:{PORT}", "", ":",
        f"[::1]:{PORT}", f"0.0.0.0:{PORT}", f"127.0.0.1:{PORT}, evil.example", f"127.0.0.1:0{PORT}x",
    ],
)  # fmt: skip
async def test_another_host_is_refused(entered: Site, host: str) -> None:
    """A name of somebody else's that points here (DNS rebinding)."""
    for path in ("/", "/static/review.css", f"/?token={entered.access.token}"):
        assert (await entered.get(path, headers={"host": host})).status_code == 403


@pytest.mark.parametrize("host", [f"127.0.0.1:{PORT}", f"localhost:{PORT}", f"LOCALHOST:{PORT}"])
async def test_its_own_names_are_taken(entered: Site, host: str) -> None:
    assert (await entered.get("/", headers={"host": host})).status_code == 200


@pytest.mark.parametrize("path", ["/", "/review", "/name", "/agreement", "/static/review.css", "/nowhere"])
async def test_without_the_token_there_is_nothing(site: Site, path: str) -> None:
    stranger = site.other()
    assert (await stranger.get(path)).status_code == 403
    assert (await stranger.post(path, {})).status_code == 403


@pytest.mark.parametrize("token", ["", "x", "%00", "é", "%ff", "a" * 3000])
async def test_a_wrong_token_is_refused(site: Site, token: str) -> None:
    assert (await site.other().get(f"/?token={token}")).status_code == 403


async def test_the_token_leaves_the_address_and_no_script_reads_the_cookie(site: Site) -> None:
    answer = await site.other().get(f"/?token={site.access.token}")
    assert answer.headers["location"] == "/"
    cookie = answer.headers["set-cookie"]
    assert site.access.token not in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"}, {"origin": "null"}, {"origin": "http://127.0.0.1:1"},
        {"origin": f"http://localhost.evil.example:{PORT}"}, {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"}, {"origin": f"file://127.0.0.1:{PORT}"},
    ],
)  # fmt: skip
async def test_forms_of_others_are_refused(entered: Site, headers: dict[str, str]) -> None:
    """Another port of this machine is the same site to a browser, and sends the cookie."""
    answer = await entered.post("/undo", {}, headers=headers)
    assert answer.status_code == 403


@pytest.mark.parametrize("key", ["", "x", "é"])
async def test_a_form_without_our_key_is_refused(entered: Site, key: str) -> None:
    for path in ("/name", "/review", "/undo"):
        assert (await entered.client.post(path, data={"key": key})).status_code == 403


async def test_our_own_forms_are_taken(entered: Site) -> None:
    headers = {"origin": BASE, "sec-fetch-site": "same-origin"}
    assert (await entered.post("/undo", {}, headers=headers)).status_code == 303


async def test_a_body_that_is_too_long_is_not_read(entered: Site) -> None:
    """Announced or in chunks: no more is taken than allowed, and the answer says how much that is."""
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        for _ in range(10_000):
            taken += 64 * 1024
            yield b"x" * 64 * 1024

    answer = await entered.client.post("/undo", content=endless(), headers=FORM)
    assert answer.status_code == 413
    assert f"{MAX_BODY:,}" in answer.text
    assert taken <= MAX_BODY + 2 * 64 * 1024

    taken = 0
    announced = {**FORM, "content-length": str(MAX_BODY + 1)}
    assert (await entered.client.post("/undo", content=endless(), headers=announced)).status_code == 413
    assert taken == 0


@pytest.mark.parametrize("length", ["-1", "x", "1" * 30, "1e3", "٣"])
async def test_a_length_that_is_none_is_refused(entered: Site, length: str) -> None:
    headers = {**FORM, "content-length": length.encode()}
    answer = await entered.client.request("POST", "/undo", headers=headers)
    assert answer.status_code in (400, 413)


async def test_only_forms_are_taken(entered: Site) -> None:
    json = await entered.client.post("/undo", json={"key": entered.access.form_key})
    assert json.status_code == 415
    many = await entered.client.post("/undo", content="a=1&" * 5_000, headers=FORM)
    assert many.status_code == 400
    broken = await entered.client.post("/undo", content=b"key=%ff&a=\xff", headers=FORM)
    assert broken.status_code == 400


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"])
async def test_other_methods_are_refused(entered: Site, method: str) -> None:
    assert (await entered.client.request(method, "/")).status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py", "/static/..%2fapp.py", "/static/%2e%2e/app.py", "/static//etc/passwd",
        "/static/..%5capp.py", "/static/%252e%252e%252fapp.py", "/static/review.css%00", "/static/",
        "/static",
        "/../../etc/passwd", "/static/templates/layout.jinja", "/openapi.json", "/docs",
    ],
)  # fmt: skip
async def test_no_other_file_is_served(entered: Site, path: str) -> None:
    answer = await entered.client.send(
        httpx.Request("GET", httpx.URL(BASE).copy_with(raw_path=path.encode()), headers=_cookies(entered))
    )
    assert answer.status_code == 404
    assert "import" not in answer.text


def _cookies(site: Site) -> dict[str, str]:
    return {"cookie": "; ".join(f"{name}={value}" for name, value in site.client.cookies.items())}


async def test_an_address_that_is_too_long_is_refused(entered: Site) -> None:
    assert (await entered.get("/?flagged=" + "x" * 5_000)).status_code == 414


async def test_every_answer_has_a_policy_and_every_page_its_own_nonce(entered: Site) -> None:
    nonces = set()
    for path in ("/", "/name", "/agreement", "/review?show=all&sample=tiny-u0001-0001", "/nowhere"):
        answer = await entered.get(path)
        policy = answer.headers["content-security-policy"]
        nonce = policy.partition("script-src 'nonce-")[2].partition("'")[0]
        assert len(nonce) >= 20
        assert answer.text.count(f'nonce="{nonce}"') == 2
        assert "unsafe" not in policy
        assert " on" + "click=" not in answer.text
        assert "style=" not in answer.text
        nonces.add(nonce)
    assert len(nonces) == 5
    refused = await entered.get("/", headers={"host": "evil.example"})
    assert refused.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize("text", ["Ada; Path=/", 'a"b', "=", "\udcff", "%", ";;", ","])
async def test_other_cookies_do_no_harm(entered: Site, text: str) -> None:
    cookie = f"x={text}; {_cookies(entered)['cookie']}; ptool_reviewer_{PORT}={text}"
    headers = {"cookie": cookie.encode("utf-8", "surrogateescape")}
    assert (await entered.client.get("/", headers=headers)).status_code in (200, 303, 403)


# -- where it listens


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "10.0.0.1"])
def test_other_machines_have_to_be_asked_for(host: str) -> None:
    with pytest.raises(ConfigError, match=r"server\.other_machines=true"):
        listening_address(ReviewServerOptions(host=host))
    assert listening_address(ReviewServerOptions(host=host, other_machines=True)) == host


@pytest.mark.parametrize("host", ["example.org", "127.0.0.1:80", "[::1]", "http://127.0.0.1", " "])
def test_what_is_no_address_is_refused(host: str) -> None:
    with pytest.raises(ConfigError, match="expected an IP address"):
        listening_address(ReviewServerOptions(host=host, other_machines=True))


@pytest.mark.parametrize(
    ("options", "host", "expected"),
    [
        ({}, "localhost:80", True),
        ({}, "[::1]:80", True),
        ({}, "127.0.0.1", True),  # the port that browsers leave out
        ({}, "lab.example:80", False),
        ({"names": ("lab.example",)}, "lab.example:80", True),
        ({"host": "192.0.2.1", "other_machines": True}, "192.0.2.1:80", True),
        ({"host": "192.0.2.1", "other_machines": True}, "192.0.2.2:80", False),
        ({"host": "0.0.0.0", "other_machines": True}, "192.0.2.2:80", True),
        ({"host": "0.0.0.0", "other_machines": True}, "evil.example:80", False),
        ({"host": "::", "other_machines": True}, "[2001:db8::1]:80", True),
        ({"host": "0.0.0.0", "other_machines": True, "names": ("lab.example",)}, "lab.example:80", True),
    ],
)
def test_which_names_it_answers_to(options: dict, host: str, expected: bool) -> None:
    given = ReviewServerOptions(**options)
    access = access_of(listening_address(given), 80, given, None)
    assert access.is_own_host(host) is expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [("127.0.0.1", "http://127.0.0.1:8090/?token=t"), ("::1", "http://[::1]:8090/?token=t"),
     ("0.0.0.0", "http://127.0.0.1:8090/?token=t")],
)  # fmt: skip
def test_the_link_can_be_opened(address: str, expected: str) -> None:
    assert link(address, 8090, "t") == expected


def test_two_starts_have_two_tokens_which_nothing_shows() -> None:
    first, second = Access((), 1), Access((), 1)
    assert first.token != second.token
    assert first.token not in repr(first)


def test_a_port_that_is_taken_is_said_in_a_line(site: Site) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"server\.port: {port} on 127\.0\.0\.1: .* takes a free one"):
            serve_pages(site.store, ReviewServerOptions(port=port))


def test_a_token_of_ones_own_is_long_and_plain(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REVIEW_TOKEN", "short")
    with pytest.raises(ConfigError, match=r"server\.token_env: REVIEW_TOKEN holds 5 characters"):
        serve_pages(site.store, ReviewServerOptions(port=0, token_env="REVIEW_TOKEN"))


def test_the_page_waits_for_a_finished_run(tmp_path: Path) -> None:
    with pytest.raises(Exception, match=str(tmp_path)), site_of(tmp_path):
        pass
