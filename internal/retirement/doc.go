// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

// Package retirement finds out what still uses a passcode that was replaced, and which workloads are to be restarted for it. It
// is pure: what it knows of a namespace is the last scan of it.
//
//	Publication ── Restarts ──────────▶ workloads to restart, now or later
//	   (and the    RolloutComplete ───▶ what a restart waits for, or what keeps it from happening
//	    scan       Use(Value) ────────▶ Pods that use a replaced value, and until when volumes may contain it
//	    since)
//
// A container that took a Secret by environment variable or subPath has what it contained when the container started; a volume
// is refreshed by the kubelet. So a value is in use as long as one of the Secrets that contained it is used by a container that
// started before it was replaced there, and for the time of a refresh after that.
package retirement
