#!/usr/bin/env bash
# Puts LR Finder into the menu of the person who runs this (no root), or takes it out again:
#     packaging/install-desktop.sh install COMMAND      COMMAND is what the menu starts: lrgui-gui, or a bundle's lrgui
#     packaging/install-desktop.sh uninstall
# Everything goes to the person's data folder: XDG_DATA_HOME, or ~/.local/share.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
icons=$here/../resources/icons
data=${XDG_DATA_HOME:-$HOME/.local/share}
id=io.github.lrgui.LRFinder

installed() { # every file of ours
    printf '%s\n' "$data/applications/lrgui.desktop" "$data/mime/packages/lrgui.xml" \
        "$data/metainfo/$id.metainfo.xml" "$data/icons/hicolor/scalable/apps/lrgui.svg"
    for each in "$icons"/hicolor/*/apps/lrgui.png; do
        printf '%s\n' "$data/icons/${each#"$icons/"}"
    done
}

refresh() { # the caches that desktops read
    if command -v update-desktop-database >/dev/null 2>&1 && [ -d "$data/applications" ]; then
        update-desktop-database -q "$data/applications" || true
    fi
    if command -v update-mime-database >/dev/null 2>&1 && [ -d "$data/mime/packages" ]; then
        update-mime-database "$data/mime" >/dev/null 2>&1 || true
    fi
    if [ -f "$data/icons/hicolor/icon-theme.cache" ] && command -v gtk-update-icon-cache >/dev/null 2>&1; then
        gtk-update-icon-cache -q -t -f "$data/icons/hicolor" || true
    elif [ -d "$data/icons/hicolor" ]; then
        touch "$data/icons/hicolor" # tells desktops to look again
    fi
}

install_all() {
    local command=$1 exec try
    [[ $command != *$'\n'* ]] || { echo "A command with a line break cannot be put into a menu." >&2; exit 2; }
    [ -x "$command" ] || { echo "$command is not there or cannot be run: install LR Finder first." >&2; exit 1; }
    command=$(cd "$(dirname "$command")" && pwd)/$(basename "$command")
    # Quoting as the Desktop Entry Specification has it: first for Exec, then for every text in the file.
    exec=$command
    exec=${exec//\\/\\\\}
    exec=${exec//\"/\\\"}
    exec=${exec//\`/\\\`}
    exec=${exec//\$/\\\$}
    exec=${exec//%/%%}
    exec=${exec//\\/\\\\}
    try=${command//\\/\\\\}

    mkdir -p "$data/applications" "$data/mime/packages" "$data/metainfo" "$data/icons/hicolor/scalable/apps"
    while IFS= read -r line; do
        case $line in
            Exec=lrgui-gui*) printf 'Exec="%s"%s\n' "$exec" "${line#Exec=lrgui-gui}" ;;
            TryExec=*) printf 'TryExec=%s\n' "$try" ;;
            *) printf '%s\n' "$line" ;;
        esac
    done <"$here/desktop/lrgui.desktop" >"$data/applications/lrgui.desktop"
    cp "$here/desktop/lrgui.xml" "$data/mime/packages/lrgui.xml"
    cp "$here/desktop/lrgui.metainfo.xml" "$data/metainfo/$id.metainfo.xml"
    cp "$icons/lrgui.svg" "$data/icons/hicolor/scalable/apps/lrgui.svg"
    for each in "$icons"/hicolor/*/apps/lrgui.png; do
        mkdir -p "$(dirname "$data/icons/${each#"$icons/"}")"
        cp "$each" "$data/icons/${each#"$icons/"}"
    done
    refresh
    echo "LR Finder is in the menu now; .lrrun files open with it."
}

uninstall_all() {
    local file folder
    while IFS= read -r file; do
        rm -f "$file"
    done < <(installed)
    refresh
    # What the tools made of nothing else than ours goes too.
    if [ -d "$data/mime/packages" ] && [ -z "$(ls -A "$data/mime/packages")" ]; then
        for file in aliases generic-icons globs globs2 icons magic mime.cache subclasses treemagic types version \
            XMLnamespaces application/x-lrgui-run.xml; do
            rm -f "$data/mime/$file"
        done
    fi
    if [ -d "$data/applications" ] && [ "$(ls -A "$data/applications")" = mimeinfo.cache ]; then
        rm -f "$data/applications/mimeinfo.cache"
    fi
    {
        installed
        printf '%s\n' "$data/mime/application/x"
    } | while IFS= read -r file; do
        folder=$(dirname "$file")
        while [ "$folder" != "$data" ] && rmdir "$folder" 2>/dev/null; do
            folder=$(dirname "$folder")
        done
    done
    echo "LR Finder is no longer in the menu."
}

case ${1:-} in
    install) install_all "${2:?which command shall the menu start?}" ;;
    uninstall) uninstall_all ;;
    *) sed -n '2,5s/^# //p' "$0" >&2; exit 2 ;;
esac
