#!/usr/bin/env bash
# Start $CHROMIUM. Chromium reads only the last list of --disable-features, and Playwright passes one, so
# these are added to it: without them, each window renders two pages of the address bar, which nobody sees.
features=WebUIOmniboxPopup,WebUIOmniboxAimPopup
arguments=()
for each in "$@"; do
  case $each in --disable-features=*) each+=,$features ;; esac
  arguments+=("$each")
done
exec "$CHROMIUM" "${arguments[@]}"
