// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"testing"

	"k8s.io/client-go/rest"

	"github.com/passcode-operator/clevertap-passcode-operator/test/harness"
)

// link is the way from an API server to etcd. While it is paused, that server knows nothing new and can write nothing.
type link struct {
	listener net.Listener
	etcd     string
	gate     *gate
	server   *rest.Config // that of the API server, once it has started
}

func newLink(etcd *url.URL) (*link, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening: %w", err)
	}
	l := &link{listener: listener, etcd: etcd.Host, gate: newGate()}
	go func() {
		for {
			server, err := listener.Accept()
			if err != nil {
				return // closed
			}
			go l.carry(server)
		}
	}()
	return l, nil
}

func (l *link) url() *url.URL { return &url.URL{Scheme: "http", Host: l.listener.Addr().String()} }

func (l *link) carry(server net.Conn) {
	etcd, err := net.Dial("tcp", l.etcd)
	if err != nil {
		_ = server.Close()
		return
	}
	go func() { _, _ = io.Copy(etcd, l.through(server)); _ = etcd.Close() }()
	_, _ = io.Copy(server, l.through(etcd))
	_ = server.Close()
}

// through gives what comes when it may.
func (l *link) through(from io.Reader) io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		n, err := from.Read(p)
		if waited := l.gate.wait(context.Background(), everything); waited != nil {
			return 0, waited
		}
		return n, err // io.EOF has to stay it
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// isPaused reports whether the server waits for etcd; no link is none that does.
func (l *link) isPaused() bool { return l != nil && !l.gate.shows(everything) }

func (l *link) pause(context.Context, *scene) error {
	l.gate.pause(everything)
	return nil
}

func (l *link) release(context.Context, *scene) error {
	l.gate.release(everything)
	return nil
}

// A replica is on an API server that is behind the other one.
func TestTwoServers(t *testing.T) {
	c := ofThisProcess(t)
	l, err := newLink(c.plane.EtcdURL())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.listener.Close() }()
	another, err := harness.StartAnother(l.url())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = another.Stop() }()
	another.Config.QPS = -1
	l.server = another.Config
	for _, cache := range []staleCache{
		{"one behind over a rotation", 2, workload{run: steps(begunWith("b", "c"), settles,
			l.pause, rotates("1", "b"), settles, l.release, settles, revisionIs(2))}},
		{"one behind at the rotation time of what was replaced since", 2, workload{run: steps(begunWith("b", "c"), settles,
			l.pause, rotates("1", "b"), settles, passes(60), l.release, settles, publishes("b"), revisionIs(2))}},
		{"one behind while a target is deleted", 2, workload{run: steps(begunWith("b", "c"), settles,
			l.pause, rotates("1", "b"), settles, deletesTarget, settles, l.release, settles, publishes("b"))}},
	} {
		t.Run(cache.name, func(t *testing.T) { c.stale(t, cache, l) })
	}
}
