from __future__ import annotations

import pytest

from lrgui.runs.remote.address import Address, Host


@pytest.mark.parametrize(
    ("text", "path", "host"),
    [
        ("ssh://gpu/data/a.lrrun", "/data/a.lrrun", Host("gpu")),
        ("ssh://me@gpu.example.org:2222/data/a.lrrun", "/data/a.lrrun", Host("gpu.example.org", "me", 2222)),
        ("ssh://gpu/~/runs/a.lrrun", "~/runs/a.lrrun", Host("gpu")),
        ("ssh://[::1]:22/a%20b.lrrun", "/a b.lrrun", Host("::1", "", 22)),
    ],
)
def test_an_address_of_another_machine(text: str, path: str, host: Host) -> None:
    address = Address.parse(text)
    assert address == Address(path, host) and not address.is_here
    assert str(address) == text


def test_a_path_is_an_address_here(tmp_path: object) -> None:
    address = Address.parse(f"{tmp_path}/a.lrrun")
    assert address.is_here and str(address) == f"{tmp_path}/a.lrrun" and address.name == "a.lrrun"


@pytest.mark.parametrize(
    "text",
    [
        "ssh://",
        "ssh://gpu",
        "ssh://gpu/",
        "ssh:///a.lrrun",
        "ssh://-oProxyCommand=x/a.lrrun",
        "ssh://-l@gpu/a",
        "ssh://a b/c",
        "ssh://gpu:99999/a",
    ],
)
def test_what_is_no_address_and_what_ssh_would_take_for_an_option(text: str) -> None:
    with pytest.raises(ValueError, match=r"write (ssh://)?\[user@\]host\[:port\]"):
        Address.parse(text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("me@gpu:/data/a b.lrrun", "ssh://me@gpu/data/a%20b.lrrun"),
        ("gpu:runs/a.lrrun", "ssh://gpu/~/runs/a.lrrun"),
        ("gpu:~/a.lrrun", "ssh://gpu/~/a.lrrun"),
    ],
)
def test_a_file_elsewhere_as_scp_names_it_is_told_how_to_write(text: str, meant: str) -> None:
    with pytest.raises(ValueError, match="no file") as told:
        Address.parse(text)
    assert str(told.value).endswith(f"write {meant}")
