// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package retirement

import (
	"fmt"
	"strings"
	"time"

	"github.com/passcode-operator/clevertap-passcode-operator/internal/consumers"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/schedule"
)

// Use returns what uses a replaced value, as far as the last scan has shown; nothing if there was none.
func (p *Publication) Use(v Value) Use {
	var use Use
	if p.Scan == nil {
		return use
	}
	for i := range p.Scan.Pods {
		pod := &p.Scan.Pods[i]
		for _, c := range pod.Containers {
			stays, refreshed := p.usesOld(v, pod, c)
			use.Refreshed = schedule.Later(use.Refreshed, refreshed)
			if stays {
				use.Pods = append(use.Pods, pod.Name)
				break
			}
		}
	}
	return use
}

// usesOld reports whether the container has the value for as long as it runs, and until when it may have it from a volume.
func (p *Publication) usesOld(v Value, pod *consumers.Pod, c consumers.Container) (stays bool, refreshed time.Time) {
	for _, use := range c.Uses {
		u := p.usageOf(v, use)
		switch {
		case !u.has || (c.Waiting && !u.still):
		case u.still, use.Way == consumers.Frozen && (u.unknown || p.startedBefore(pod, c.StartedAt, schedule.Later(v.At, u.until))):
			return true, refreshed
		case use.Way == consumers.Refreshed:
			refreshed = schedule.Later(refreshed, schedule.Later(v.At, u.until).Add(p.VolumeRefresh))
		}
	}
	return false, refreshed
}

// usage is what is known of a Secret that a container uses: whether it ever contained a value, and whether it still does, or
// may. until is when it ceased to; zero for when the value was replaced. unknown reports whether that can't be said.
type usage struct {
	has, still, unknown bool
	until               time.Time
}

// usageOf finds a use among the target, former targets, and sources. A volume of a former target or a source that is gone
// keeps what it had.
func (p *Publication) usageOf(v Value, use consumers.Use) usage {
	if use.Of(p.Target, p.PreviousKey) {
		return usage{has: true}
	}
	if value, ours := p.OtherTargets[use.Secret]; ours && use.Of(use.Secret, p.PreviousKey) {
		return usage{has: true, still: value == v.Fingerprint}
	}
	for _, s := range p.Sources {
		if s.Passcode == v.Passcode && use.OfKey(s.Secret, s.Key) {
			// Of a Secret that is gone a volume keeps what it had; a key that is gone it drops.
			return usage{has: true, still: s.Fingerprint == v.Fingerprint || s.SecretGone, unknown: s.Fingerprint == "", until: s.FirstSeen}
		}
	}
	return p.usageOfLocation(v, use)
}

// usageOfLocation finds a use among the Secrets that are known to have contained the value.
func (p *Publication) usageOfLocation(v Value, use consumers.Use) usage {
	for _, l := range v.Locations {
		if l.Secret == p.Target {
			continue
		}
		for _, key := range l.Keys {
			if use.OfKey(l.Secret, key) {
				value, known := p.LocationValues[SecretKey{l.Secret, key}]
				return usage{has: true, still: !known || value == v.Fingerprint, unknown: true}
			}
		}
	}
	return usage{}
}

// clockSkew is how much the clocks of nodes may differ from the operator's.
const clockSkew = 5 * time.Second

// startedBefore reports whether a container may have started before a value was replaced. It started by the clock of its node,
// so there is a margin. A Pod was created by the API server's, so one of a later second did start later; and so did one
// that was made by the restart for this revision, or a later one.
func (p *Publication) startedBefore(pod *consumers.Pod, started, replaced time.Time) bool {
	if pod.CreatedAt.After(replaced) || p.restartedFor(pod.Restarts) {
		return false
	}
	return started.Before(replaced.Add(clockSkew))
}

// Listing joins names for a message, the first five.
func Listing(names []string) string {
	const most = 5
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
