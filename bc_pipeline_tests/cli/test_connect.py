"""``connect`` as a person at a terminal, or a script, meets it. The sandbox plays all systems."""

from __future__ import annotations

import errno
import io
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from pydantic import SecretStr

from bc_pipeline.business_central.sign_in import App, Attempt, Device
from bc_pipeline.cli import asking
from bc_pipeline.connecting import consent
from bc_pipeline.connecting.connect import Given
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.sandbox.entra import Person
from bc_pipeline.tenants import files as private_files
from bc_pipeline.tenants import registry
from bc_pipeline_tests.cli.conftest import CommandLine, Outcome

SECRET = "shop-secret"
CRONUS = "CRONUS International Ltd."
WHOLESALE = "Noordzee Groothandel B.V."
ADDRESS = re.compile(r"^  (http\S+authorize\S+)$", re.MULTILINE)

Connect = Callable[..., Outcome]


@pytest.fixture(autouse=True)
def calm(sandbox: Sandbox) -> Iterator[None]:
    sandbox.entra.register("shop", SECRET)
    yield
    sandbox.entra.person = Person()
    sandbox.faults.clear()
    for name in list(sandbox.business_central.environments)[1:]:
        del sandbox.business_central.environments[name]


@pytest.fixture
def home(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation whose tenants.yaml knows where the systems are, and no tenant."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    base = sandbox.base_url
    (tmp_path / "tenants.yaml").write_text(
        f"""\
# Ours.
defaults:
  business_central:  # the sandbox
    api_url: {base}/bc
    login_url: {base}/entra
    redirect_uri: http://localhost:{port}/callback
  optiply:
    api_url: {base}/optiply/v1
    login_url: {base}/optiply-login/api
    requests_per_second: 1000
tenants:
""",
        "utf-8",
    )
    monkeypatch.setenv("BC_PIPELINE_HOME", str(tmp_path))
    monkeypatch.setattr(consent, "WAIT_SECONDS", 20.0)
    return tmp_path


def credentials(sandbox: Sandbox, shop: str = "wholesale") -> str:
    """Optiply's credentials on one line."""
    its = sandbox.optiply.shops[shop]
    return f"{its.client_id} {its.client_secret} {its.username} {its.password} {its.coupling_id}"


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A browser whose person accepts; the addresses it was shown."""
    shown: list[str] = []

    def browse(address: str) -> bool:
        shown.append(address)
        threading.Thread(target=requests.get, args=(address,), kwargs={"timeout": 30}).start()
        return True

    monkeypatch.setattr(asking.webbrowser, "open", browse)
    return shown


@pytest.fixture
def connect(command: CommandLine, monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Runs ``connect`` with replies typed in."""

    def run(*arguments: str, replies: tuple[str, ...] = ()) -> Outcome:
        monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{each}\n" for each in replies)))
        return command("connect", *arguments)

    return run


@pytest.fixture
def scripted(home: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """Flags and environment of a script that connects the wholesaler."""
    monkeypatch.setenv("BC_PIPELINE_CLIENT_SECRET", SECRET)
    monkeypatch.setenv("BC_PIPELINE_OPTIPLY_CREDENTIALS", credentials(sandbox))
    chosen = ("--client-id", "shop", "--company", WHOLESALE, "--locations", "all")
    return (*chosen, "--no-dry-run", "--yes", "--json")


def files(home: Path) -> dict[str, bytes]:
    return {str(each): each.read_bytes() for each in home.rglob("*") if each.is_file()}


# --- the whole way -------------------------------------------------------------------------------


def test_given_a_new_shop_when_five_questions_are_answered_then_it_is_connected(
    home: Path, sandbox: Sandbox, browser: list[str], connect: Connect
):
    replies = (f"shop {SECRET}", "2", credentials(sandbox), "1,RTM", "y")

    outcome = connect("acme", replies=replies)

    assert outcome.code == 0, outcome.stderr
    assert f"Business Central: Noordzee – Home & Garden ({WHOLESALE}), in Production" in (
        outcome.stderr
    )
    assert "Optiply: account wholesale (102)" in outcome.stderr
    for told in ("Checks:", "Analytics API", "dry run: nothing was sent", "Data quality"):
        assert told in outcome.stdout
    assert "The first sync sends" in outcome.stdout
    text = (home / "tenants.yaml").read_text("utf-8")
    assert text.startswith("# Ours.\ndefaults:\n  business_central:  # the sandbox\n")
    found = registry.load()
    tenant = found.get("acme")
    assert not found.warnings
    assert tenant.business_central.company == WHOLESALE
    assert tenant.business_central.environment_name == "Production"
    assert tenant.sync.locations == ("WINKEL", "RTM")
    assert (tenant.optiply.account_id, tenant.optiply.coupling_id) == (102, 502)
    assert sandbox.optiply.shops["wholesale"].rows("products") == []


def test_given_a_connected_shop_then_it_syncs(
    home: Path,
    scripted: tuple[str, ...],
    browser: list[str],
    connect: Connect,
    command: CommandLine,
    in_memory: None,
    sandbox: Sandbox,
):
    assert connect("acme", *scripted).code == 0

    outcome = command("sync", "acme", "--entity", "suppliers", "--json")

    assert outcome.json["tenants"]["acme"]["status"] == "success"
    sandbox.reset()
    sandbox.entra.register("shop", SECRET)


def test_given_flags_for_everything_then_nothing_is_asked_and_one_document_is_printed(
    scripted: tuple[str, ...], browser: list[str], connect: Connect
):
    told = connect("acme", *scripted).json

    assert told["company"]["name"] == WHOLESALE
    assert told["optiply_account"] == {"id": 102, "name": "wholesale"}
    assert told["faults"] == []
    assert {each["outcome"] for each in told["checks"]} <= {"passed", "warned"}
    assert [Path(each).name for each in told["written"]] == [
        "tenants.yaml",
        "acme.client_secret",
        "acme.refresh_token",
        "acme.optiply_client_secret",
        "acme.optiply_password",
    ]


def test_given_a_dry_run_then_counts_samples_flaws_and_a_forecast_are_told(
    home: Path,
    scripted: tuple[str, ...],
    browser: list[str],
    connect: Connect,
):
    told = connect("acme", *(each for each in scripted if each != "--no-dry-run")).json["dry_run"]

    counts = told["entities"]["optiply/products"]
    assert counts["created"] > 0
    assert told["samples"]["optiply/products"][0]["reference"]
    flaws = {each["name"]: each for each in told["data_quality"]}
    assert flaws["blank_names"]["samples"] == ["vendor V00005"]
    assert flaws["duplicate_gtins"]["count"] == 1
    assert flaws["items_without_vendor"]["count"] > 0
    assert flaws["unknown_vat"]["count"] > 0
    assert flaws["fractional_quantities"]["count"] > 0
    assert flaws["unlinked_receipts"]["count"] > 0
    sent = sum(each["created"] for each in told["entities"].values())
    assert told["forecast"]["requests"] == sent
    assert told["forecast"]["seconds"] >= sent / 1000


def test_given_secrets_then_they_stand_in_private_files_only(
    home: Path, scripted: tuple[str, ...], browser: list[str], connect: Connect, sandbox: Sandbox
):
    outcome = connect("acme", *scripted)

    text = (home / "tenants.yaml").read_text("utf-8")
    tokens = sandbox.entra._tokens
    secrets = {
        SECRET,
        sandbox.optiply.shops["wholesale"].password,
        sandbox.optiply.shops["wholesale"].client_secret,
        *tokens.refresh,
        *tokens.access,
        *tokens.codes,
    }
    assert tokens.codes
    for secret in secrets:
        assert secret not in outcome.stdout + outcome.stderr + text
    for file in (home / "secrets").iterdir():
        assert file.stat().st_mode & 0o777 == 0o600, file
    assert (home / "secrets").stat().st_mode & 0o777 == 0o700


def test_given_the_address_that_is_shown_then_it_proves_itself_with_s256_and_a_state(
    scripted: tuple[str, ...], browser: list[str], connect: Connect
):
    connect("acme", *scripted)
    connect("acme", *scripted)

    first, second = (dict(parse_qsl(urlsplit(each).query)) for each in browser)
    assert first["code_challenge_method"] == "S256"
    assert "offline_access" in first["scope"].split()
    assert first["state"].startswith("acme.")
    assert len(first["state"]) > 40
    assert first["state"] != second["state"]
    assert first["code_challenge"] != second["code_challenge"]


# --- other ways to consent -----------------------------------------------------------------------


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[str], None]]:
    """A person who signs in elsewhere and pastes where they were sent back to; does what is in the
    list with the code before."""
    before: list[Callable[[str], None]] = []
    shown: list[str] = []

    def paste(self: asking.Terminal) -> str:
        told = ADDRESS.search(shown[0])
        assert told
        back = requests.get(told[1], allow_redirects=False, timeout=30).headers["location"]
        for act in before:
            act(dict(parse_qsl(urlsplit(back).query))["code"])
        return back

    monkeypatch.setattr(asking.Terminal, "tell", lambda self, text: shown.append(text))
    monkeypatch.setattr(asking.Terminal, "paste", paste)
    return before


def test_given_no_browser_then_the_address_is_pasted(
    connect: Connect, scripted: tuple[str, ...], elsewhere: list[Callable[[str], None]]
):
    assert connect("acme", *scripted, "--no-browser").code == 0
    assert registry.load().get("acme").business_central.refresh_token


def test_given_a_code_that_was_used_before_then_it_is_refused(
    home: Path,
    sandbox: Sandbox,
    connect: Connect,
    scripted: tuple[str, ...],
    elsewhere: list[Callable[[str], None]],
):
    codes = sandbox.entra._tokens.codes
    elsewhere.append(lambda code: setattr(codes[code], "redeemed", True))
    before = files(home)

    outcome = connect("acme", *scripted, "--no-browser")

    assert "AADSTS54005" in outcome.json["error"]
    assert "used before" in outcome.json["error"]
    assert files(home) == before


def test_given_a_code_that_is_pasted_too_late_then_it_is_refused(
    sandbox: Sandbox,
    connect: Connect,
    scripted: tuple[str, ...],
    elsewhere: list[Callable[[str], None]],
):
    elsewhere.append(lambda code: sandbox.clock.advance(601))

    outcome = connect("acme", *scripted, "--no-browser")

    sandbox.clock.reset()
    assert "AADSTS70008" in outcome.json["error"]
    assert "lives for ten minutes" in outcome.json["error"]


@pytest.mark.parametrize(
    ("pasted", "told"),
    [
        ("http://localhost:1/elsewhere?code=x", "not the address the browser was sent back to"),
        ("{uri}?code=x&state=another", "belongs to another sign-in"),
        ("{uri}?code=x", "belongs to another sign-in"),
        ("", "no address was pasted"),
    ],
)
def test_given_another_address_is_pasted_then_it_is_refused(
    home: Path, connect: Connect, scripted: tuple[str, ...], pasted: str, told: str
):
    before = files(home)
    uri = re.search(r"redirect_uri: (\S+)", (home / "tenants.yaml").read_text("utf-8"))
    assert uri

    outcome = connect("acme", *scripted, "--no-browser", replies=(pasted.format(uri=uri[1]),))

    assert outcome.code != 0
    assert told in outcome.json["error"]
    assert files(home) == before


def test_given_a_device_code_then_the_person_types_it_elsewhere(
    home: Path, connect: Connect, scripted: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
):
    polls: list[float] = []
    tell = asking.Terminal.tell

    def told(self: asking.Terminal, text: str) -> None:
        tell(self, text)
        if found := re.search(r"open (\S+) and enter the code (\S+)", text):
            codes.append(found)

    def pause(seconds: float) -> None:
        polls.append(seconds)
        if len(polls) == 3:
            requests.get(codes[0][1], params={"otc": codes[0][2]}, timeout=30)

    codes: list[re.Match[str]] = []
    monkeypatch.setattr(asking.Terminal, "tell", told)
    monkeypatch.setattr(consent, "pause", pause)

    assert connect("acme", *scripted, "--device-code").code == 0
    # Asked twice at once, Microsoft says to slow down.
    assert polls[0] < polls[2]


def test_given_application_permissions_then_nobody_signs_in(
    home: Path, connect: Connect, scripted: tuple[str, ...]
):
    outcome = connect(
        "acme", *scripted, "--client-credentials", "--entra-tenant", "wholesale.example"
    )

    assert outcome.code == 0, outcome.stdout
    settings = registry.load().get("acme").business_central
    assert settings.refresh_token is None
    assert settings.entra_tenant == "wholesale.example"


def test_given_application_permissions_and_no_tenant_of_entra_then_it_is_asked_for(
    connect: Connect, scripted: tuple[str, ...]
):
    outcome = connect("acme", *scripted, "--client-credentials")

    assert (outcome.code, "--entra-tenant" in outcome.json["error"]) == (2, True)


# --- consent that fails --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ends", "told"),
    [
        ("access_denied", ("AADSTS65004", "declined")),
        ("admin_approval", ("AADSTS90094", "adminconsent?client_id=shop")),
        ("consent_required", ("AADSTS65001", "grant admin consent")),
        ("interaction_required", ("AADSTS50076", "second factor")),
        ("server_error", ("server_error", "in a few minutes")),
    ],
)
def test_given_a_sign_in_that_ends_badly_then_it_is_told_what_to_do(
    home: Path,
    sandbox: Sandbox,
    scripted: tuple[str, ...],
    browser: list[str],
    connect: Connect,
    ends: str,
    told: tuple[str, ...],
):
    sandbox.entra.person.error = ends
    before = files(home)

    outcome = connect("acme", *scripted)

    assert outcome.code == 1
    assert all(each in outcome.json["error"] for each in told)
    assert files(home) == before


def test_given_an_expired_secret_then_it_is_told_how_to_make_another(
    home: Path,
    sandbox: Sandbox,
    scripted: tuple[str, ...],
    browser: list[str],
    connect: Connect,
):
    sandbox.entra.applications["shop"].secret_expired = True

    outcome = connect("acme", *scripted)

    assert "AADSTS7000222" in outcome.json["error"]
    assert "has expired" in outcome.json["error"]
    assert SECRET not in outcome.stdout + outcome.stderr


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (503, {}, "try again in a few minutes"),
        (404, {}, "check business_central.login_url"),
        (200, {"access_token": "hush"}, "gave no refresh token"),
        (200, {}, "an answer without a token that can be read"),
    ],
)
def test_given_an_answer_of_entra_that_is_none_then_it_is_told(
    home: Path,
    sandbox: Sandbox,
    scripted: tuple[str, ...],
    browser: list[str],
    connect: Connect,
    status: int,
    body: dict[str, str],
    told: str,
):
    sandbox.faults.add(
        "entra", action="status", status=status, path="/token", times=None, body=body
    )
    before = files(home)

    outcome = connect("acme", *scripted)

    assert (outcome.code, told in outcome.json["error"]) == (1, True), outcome.stdout
    assert "hush" not in outcome.stdout + outcome.stderr
    assert files(home) == before


def test_given_nobody_at_entras_address_then_the_setting_is_named(
    scripted: tuple[str, ...], connect: Connect
):
    outcome = connect(
        "acme", *scripted, "--device-code", "--set", "business_central.login_url=http://127.0.0.1:9"
    )

    assert (
        "127.0.0.1:9 refuses connections; check business_central.login_url"
        in (outcome.json["error"])
    )


def test_given_answers_that_are_not_ours_then_the_sign_in_goes_on(
    scripted: tuple[str, ...], connect: Connect, monkeypatch: pytest.MonkeyPatch
):
    pages: list[requests.Response] = []

    def browse(address: str) -> bool:
        uri = dict(parse_qsl(urlsplit(address).query))["redirect_uri"]

        def walk() -> None:
            strange = {"code": "theirs", "state": "acme.guessed"}
            pages.append(requests.get(uri, params=strange, timeout=30))
            pages.append(requests.get(uri.replace("callback", "favicon.ico"), timeout=30))
            pages.append(requests.get(address, timeout=30))

        threading.Thread(target=walk).start()
        return True

    monkeypatch.setattr(asking.webbrowser, "open", browse)

    assert connect("acme", *scripted).code == 0
    assert [page.status_code for page in pages[:2]] == [400, 404]
    assert "another sign-in" in pages[0].text
    assert "theirs" not in pages[0].text


def test_given_nobody_comes_back_then_it_says_so(
    scripted: tuple[str, ...], connect: Connect, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(asking.webbrowser, "open", lambda address: True)
    monkeypatch.setattr(consent, "WAIT_SECONDS", 0.05)

    assert "nobody came back" in connect("acme", *scripted).json["error"]


def test_given_the_port_is_taken_then_it_says_what_to_do(
    home: Path, scripted: tuple[str, ...], connect: Connect
):
    uri = re.search(r"redirect_uri: http://localhost:(\d+)", (home / "tenants.yaml").read_text())
    assert uri
    with socket.create_server(("127.0.0.1", int(uri[1]))):
        outcome = connect("acme", *scripted)

    assert (outcome.code, "--no-browser" in outcome.json["error"]) == (2, True)


def test_given_an_app_that_business_central_does_not_let_in_then_it_is_told_why(
    home: Path, sandbox: Sandbox, scripted: tuple[str, ...], browser: list[str], connect: Connect
):
    sandbox.entra.applications["shop"].enabled_in_bc = False

    unnamed = connect("acme", *scripted)
    named = connect("acme", *scripted, "--environment", "Production")

    assert "give --environment" in unnamed.json["error"]
    assert "a licence and a permission set" in unnamed.json["error"]
    assert "a licence and a permission set" in named.json["error"]


def test_given_environments_that_are_not_listed_then_a_named_one_serves(
    sandbox: Sandbox, scripted: tuple[str, ...], browser: list[str], connect: Connect
):
    body = {"error": {"code": "Forbidden", "message": "No."}}
    sandbox.faults.add(
        "bc", action="status", status=403, path="/environments/", times=None, body=body
    )

    assert connect("acme", *scripted, "--environment", "Production").code == 0
    assert registry.load().get("acme").business_central.entra_tenant == "common"


# --- places and accounts -------------------------------------------------------------------------


def test_given_an_environment_whose_name_holds_anothers_then_they_are_told_apart(
    sandbox: Sandbox, scripted: tuple[str, ...], browser: list[str], connect: Connect
):
    sandbox.business_central.environments.copy_to("Production-copy")

    part = connect("acme", *scripted, "--environment", "Prod")
    whole = connect("acme", *scripted, "--environment", "production")
    unnamed = connect("other", *scripted)

    assert "has no environment 'Prod'; it has: Production, Production-copy" in part.json["error"]
    assert whole.json["environment"] == "Production"
    assert "--environment and --company" in unnamed.json["error"]


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (403, "Authorization_RequestDenied", "You may not."),
        (404, "NoEnvironment", "Environment does not exist."),
    ],
    ids=["closed to us", "listed but gone"],
)
def test_given_an_environment_that_cannot_be_read_then_the_others_are_picked_from(
    sandbox: Sandbox,
    scripted: tuple[str, ...],
    browser: list[str],
    connect: Connect,
    status: int,
    code: str,
    message: str,
):
    sandbox.business_central.environments.copy_to("Other")
    body = {"error": {"code": code, "message": message}}
    sandbox.faults.add(
        "bc", action="status", status=status, path="/v2.0/Other/", times=None, body=body
    )

    outcome = connect("acme", *scripted)

    assert outcome.json["environment"] == "Production"
    assert "Environment Other is left out" in outcome.stderr


@pytest.fixture
def two_of_a_name(sandbox: Sandbox) -> Iterator[str]:
    """The display name of one company is the name of another one; the id of the latter."""
    company = sandbox.business_central.companies[CRONUS]
    before, company.display_name = company.display_name, WHOLESALE
    yield str(sandbox.business_central.companies[WHOLESALE].id)
    company.display_name = before


def test_given_a_name_that_two_companies_go_by_then_the_picked_one_is_written_by_its_id(
    scripted: tuple[str, ...], browser: list[str], connect: Connect, two_of_a_name: str
):
    fewer = tuple(each for each in scripted if each not in ("--yes", "--json"))

    outcome = connect("acme", *fewer, replies=("2", "y"))

    assert outcome.code == 0, outcome.stderr
    assert registry.load().get("acme").business_central.company == two_of_a_name


def test_given_a_company_that_is_not_there_then_those_there_are_are_told(
    scripted: tuple[str, ...], browser: list[str], connect: Connect
):
    told = connect("acme", *scripted, "--company", "Noordzee").json["error"]

    assert "there is no company 'Noordzee'" in told
    assert CRONUS in told


def test_given_a_location_that_is_not_there_then_it_is_refused(
    home: Path, scripted: tuple[str, ...], browser: list[str], connect: Connect
):
    told = connect("acme", *scripted, "--locations", "AMS,MOON").json["error"]

    assert "no location 'MOON'" in told
    assert "WINKEL" in told


def test_given_one_company_that_another_tenant_has_then_nothing_is_written(
    home: Path, sandbox: Sandbox, scripted: tuple[str, ...], browser: list[str], connect: Connect
):
    assert connect("acme", *scripted).code == 0
    before = files(home)

    company = connect("other", *scripted).json["error"]

    assert "acme, other mean one company" in company
    assert "Nothing was written" in company
    assert files(home).keys() == before.keys()
    assert "other" not in (home / "tenants.yaml").read_text("utf-8")


def test_given_one_account_that_another_tenant_has_then_nothing_is_written(
    home: Path, scripted: tuple[str, ...], browser: list[str], connect: Connect
):
    assert connect("acme", *scripted).code == 0

    outcome = connect("other", *scripted, "--company", CRONUS)

    assert "acme, other write to one Optiply account, 102" in outcome.json["error"]
    assert registry.load().names() == ["acme"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("a b c", "expected 5 values"),
        ('{"client_id": "a"}', "lacks client_secret, username, password, coupling_id"),
        ("a b c d five", "coupling_id must be a whole number"),
        ("{", "the JSON cannot be read"),
    ],
)
def test_given_half_the_credentials_then_it_says_what_is_missing(
    scripted: tuple[str, ...],
    browser: list[str],
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
    given: str,
    told: str,
):
    monkeypatch.setenv("BC_PIPELINE_OPTIPLY_CREDENTIALS", given)

    assert told in connect("acme", *scripted).json["error"]


def test_given_wrong_credentials_of_optiply_then_it_is_told(
    home: Path,
    sandbox: Sandbox,
    scripted: tuple[str, ...],
    browser: list[str],
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
):
    wrong = credentials(sandbox).split()
    wrong[3] = "wrong-password"
    monkeypatch.setenv("BC_PIPELINE_OPTIPLY_CREDENTIALS", " ".join(wrong))
    before = files(home)

    outcome = connect("acme", *scripted)

    assert "credentials broken" in outcome.json["error"]
    assert "wrong-password" not in outcome.stdout + outcome.stderr
    assert files(home) == before


# --- repeated, broken off, refused ---------------------------------------------------------------


def test_given_a_connected_shop_when_it_is_connected_again_then_only_the_consent_is_new(
    home: Path,
    sandbox: Sandbox,
    scripted: tuple[str, ...],
    browser: list[str],
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
):
    assert connect("acme", *scripted).code == 0
    text = (home / "tenants.yaml").read_text("utf-8")
    seed = (home / "secrets" / "acme.refresh_token").read_text("utf-8")
    monkeypatch.delenv("BC_PIPELINE_CLIENT_SECRET")
    monkeypatch.delenv("BC_PIPELINE_OPTIPLY_CREDENTIALS")

    again = connect("acme", "--no-dry-run", "--yes", "--json")

    assert again.code == 0, again.stdout
    assert len(browser) == 2
    assert (home / "tenants.yaml").read_text("utf-8") == text
    assert (home / "secrets" / "acme.refresh_token").read_text("utf-8") != seed


def test_given_the_consent_is_kept_then_nobody_signs_in(
    scripted: tuple[str, ...], browser: list[str], connect: Connect
):
    assert connect("acme", *scripted).code == 0

    assert connect("acme", "--keep-consent", "--no-dry-run", "--yes", "--json").code == 0
    assert len(browser) == 1


def test_given_optiply_gives_no_second_token_when_a_shop_is_connected_again_then_the_first_serves(
    sandbox: Sandbox, scripted: tuple[str, ...], browser: list[str], connect: Connect
):
    sandbox.optiply.behaviour.refuse_token_while_valid = True
    sandbox.optiply._office.expire()
    try:
        assert connect("acme", *scripted).code == 0
        assert connect("acme", *scripted).code == 0
    finally:
        sandbox.optiply.behaviour.refuse_token_while_valid = False


@pytest.mark.parametrize("replies", [("n",), ()])
def test_given_the_person_does_not_want_it_then_nothing_is_written(
    home: Path,
    scripted: tuple[str, ...],
    browser: list[str],
    connect: Connect,
    replies: tuple[str, ...],
):
    before = files(home)

    outcome = connect("acme", *(each for each in scripted if each != "--yes"), replies=replies)

    assert outcome.code != 0
    assert files(home) == before


@pytest.mark.parametrize("fails", ["acme.optiply_password", "trial", "tenants.yaml"])
def test_given_a_disk_that_is_full_then_everything_is_as_it_was(
    home: Path,
    scripted: tuple[str, ...],
    browser: list[str],
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
    fails: str,
):
    replace = private_files.replace

    def full(path: Path, content: bytes, **how: bool) -> None:
        if path.parent.is_relative_to(home) and path.name.endswith(fails):
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        replace(path, content, **how)

    monkeypatch.setattr(private_files, "replace", full)
    before = files(home)

    outcome = connect("acme", *scripted)

    assert (outcome.code, "No space left on device" in outcome.json["error"]) == (2, True)
    after = {name: text for name, text in files(home).items() if not name.endswith(".lock")}
    assert after == before


def test_given_a_missing_permission_then_nothing_is_written_unless_forced(
    home: Path, sandbox: Sandbox, scripted: tuple[str, ...], browser: list[str], connect: Connect
):
    body = {"error": {"code": "Authorization_RequestDenied", "message": "You may not."}}
    sandbox.faults.add("bc", action="status", status=403, path="/vendors", times=None, body=body)
    before = files(home)

    refused = connect("acme", *scripted)
    unwritten = files(home) == before
    forced = connect("acme", *scripted, "--force")

    assert (refused.code, forced.code, unwritten) == (1, 0, True)
    assert "table data Vendor" in json.dumps(refused.json["faults"])
    assert not registry.load().get("acme").enabled


def test_given_what_connect_works_with_then_no_repr_shows_a_secret(sandbox: Sandbox):
    attempt = Attempt.begin("acme")
    given = Given(client_secret="hush", optiply_credentials="hush")
    app = App("id", SecretStr("hush"), "common", "http://localhost", "https://login.example")
    device = Device("hush", "ABC", "https://login.example", 1, 1)

    assert attempt.verifier not in repr(attempt)
    assert "hush" not in f"{given!r} {app!r} {device!r}"


def test_given_a_state_from_a_run_when_the_shop_is_connected_again_then_that_is_gone_on_from(
    home: Path,
    scripted: tuple[str, ...],
    browser: list[str],
    connect: Connect,
    command: CommandLine,
    in_memory: None,
    sandbox: Sandbox,
):
    whole = tuple(each for each in scripted if each != "--no-dry-run")
    assert connect("acme", *scripted).code == 0
    assert command("sync", "acme", "--entity", "suppliers", "--json").code == 0

    told = connect("acme", *whole).json["dry_run"]["entities"]

    assert told["optiply/suppliers"]["created"] == 0
    assert told["optiply/suppliers"]["unchanged"] > 0
    sandbox.reset()


def test_given_rows_that_optiply_has_already_then_those_that_would_be_taken_over_are_counted(
    home: Path,
    scripted: tuple[str, ...],
    browser: list[str],
    connect: Connect,
    sandbox: Sandbox,
):
    company = sandbox.business_central.companies[WHOLESALE]
    vendor = next(iter(company.tables["vendors"].values()))
    sandbox.optiply.shops["wholesale"].create(
        "suppliers", {"name": vendor["displayName"], "remoteId": str(vendor["id"])}, 502
    )

    whole = tuple(each for each in scripted if each != "--no-dry-run")
    told = connect("acme", *whole).json["dry_run"]

    assert told["adopted"] == {"optiply/suppliers": 1}
    sandbox.reset()


def test_given_a_secret_on_the_command_line_then_it_is_refused(home: Path, connect: Connect):
    outcome = connect("acme", "--set", "optiply.password=hush", "--json")

    assert outcome.code == 2
    assert "hush" not in outcome.stdout + outcome.stderr


@pytest.mark.parametrize("flag", ["--optiply-credentials", "--client-secret-file"])
@pytest.mark.parametrize("given", ['{"password": "hush"}', "hush", "hush" * 100])
def test_given_a_secret_instead_of_its_file_then_it_is_not_repeated(
    home: Path, connect: Connect, flag: str, given: str
):
    outcome = connect("acme", flag, given, "--json")

    assert outcome.code == 2
    assert f"{flag} names a file" in outcome.json["error"]
    assert "hush" not in outcome.stdout + outcome.stderr


def test_given_secrets_of_the_environment_with_a_line_end_then_they_count_without(
    scripted: tuple[str, ...],
    browser: list[str],
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("BC_PIPELINE_CLIENT_SECRET", f"{SECRET}\n")

    assert connect("acme", *scripted).code == 0


@pytest.mark.parametrize("given", ["business_central=x", "optiply=x", "sync.locations.x=y"])
def test_given_a_setting_where_a_group_of_them_is_then_its_key_is_named(
    scripted: tuple[str, ...], browser: list[str], connect: Connect, given: str
):
    outcome = connect("acme", *scripted, "--set", given)

    assert outcome.code == 2
    assert given.partition(".x")[0].partition("=")[0] in outcome.json["error"]


def test_given_nobody_may_be_asked_then_the_flag_is_named(home: Path, connect: Connect):
    told = connect("acme", "--yes", "--json").json["error"]

    assert "--client-id and --client-secret-file" in told


def test_given_a_name_that_cannot_be_a_tenants_then_it_is_refused(home: Path, connect: Connect):
    assert "a tenant's key is" in connect("Acme!", "--yes", "--json").json["error"]


def test_given_a_wrong_reply_then_the_question_is_asked_again(
    scripted: tuple[str, ...], browser: list[str], connect: Connect
):
    fewer = tuple(
        each for each in scripted if each not in ("--yes", "--company", WHOLESALE, "--json")
    )

    outcome = connect("acme", *fewer, replies=("9", "two", "2", "perhaps", "y"))

    assert outcome.code == 0, outcome.stderr
    assert outcome.stderr.count("type a number from 1 to 2") == 2
    assert "type y or n" in outcome.stderr
