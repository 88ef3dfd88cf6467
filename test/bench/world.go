// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap/clevertaptest"
	"github.com/passcode-operator/clevertap-passcode-operator/test/harness"
)

const (
	namespaces = 10
	// perAccount is how many objects share an account: with two passcodes each, it has the 100 that CleverTap allows.
	perAccount = 50
	// writers is how many requests the bench itself has under way at once, as many as the operator's workers.
	writers = 16
)

// world is a control plane, a CleverTap, and the operator as a process of its own.
type world struct {
	clock    clock.Clock
	folder   string
	plane    *harness.ControlPlane
	kube     client.WithWatch
	vendor   *clevertaptest.Server
	http     *httptest.Server
	operator *harness.Process
	probes   string
	audit    *auditLog
	shard    string
	account  string // of every object; "" means one of each perAccount
}

// newWorld starts everything but the operator. The vendor responds after a delay.
func newWorld(ctx context.Context, delay time.Duration) (*world, error) {
	folder, err := os.MkdirTemp("", "clevertap-bench-")
	if err != nil {
		return nil, fmt.Errorf("making a folder: %w", err)
	}
	w := &world{clock: clock.RealClock{}, folder: folder, audit: &auditLog{path: filepath.Join(folder, "audit.log")}}
	w.vendor = clevertaptest.New(w.clock)
	w.http = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if delay > 0 {
			<-w.clock.After(delay)
		}
		w.vendor.ServeHTTP(rw, r)
	}))
	if w.plane, err = harness.Start(w.audit.path); err != nil {
		return nil, errors.Join(err, w.close())
	}
	config := w.plane.Config()
	config.UserAgent = "bench"
	if w.kube, err = harness.Client(config); err != nil {
		return nil, errors.Join(err, w.close())
	}
	if err := os.WriteFile(filepath.Join(folder, "kubeconfig"), w.plane.Kubeconfig(), 0o600); err != nil {
		return nil, fmt.Errorf("writing the kubeconfig: %w", err)
	}
	return w, each(namespaces+1, func(i int) error {
		return w.kube.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace(i - 1)}})
	})
}

func namespace(i int) string {
	if i < 0 {
		return "bench-operator"
	}
	return fmt.Sprintf("bench-%d", i%namespaces)
}

// each runs what is numbered from 0 to n-1, as many at once as the operator has workers.
func each(n int, do func(i int) error) error {
	problems := make([]error, n)
	var group errgroup.Group
	group.SetLimit(writers)
	for i := range n {
		group.Go(func() error {
			problems[i] = do(i)
			return nil
		})
	}
	_ = group.Wait() // none of them ends the others
	return errors.Join(problems...)
}

func (w *world) close() error {
	err := w.stopOperator()
	w.http.CloseClientConnections()
	w.http.Close()
	if w.plane != nil {
		err = errors.Join(err, w.plane.Stop())
	}
	return errors.Join(err, os.RemoveAll(w.folder))
}

// startOperator returns how long it took to become ready, which is once its informers have seen everything.
func (w *world) startOperator(ctx context.Context, more ...string) (time.Duration, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("finding a port: %w", err)
	}
	w.probes = listener.Addr().String()
	if err := listener.Close(); err != nil {
		return 0, fmt.Errorf("finding a port: %w", err)
	}
	begun := w.clock.Now()
	w.operator, err = harness.StartProcess(filepath.Join(w.folder, "kubeconfig"), namespace(-1), w.http.URL,
		append([]string{"--health-probe-bind-address=" + w.probes}, more...)...)
	if err != nil {
		return 0, err
	}
	err = wait.PollUntilContextTimeout(ctx, 20*time.Millisecond, 2*time.Minute, true, func(context.Context) (bool, error) {
		response, err := http.Get("http://" + w.probes + "/readyz")
		if err != nil {
			return false, nil //nolint:nilerr // it is not there yet
		}
		return response.StatusCode == http.StatusOK, response.Body.Close()
	})
	return w.clock.Now().Sub(begun), err
}

// start is a step that starts the operator.
func (w *world) start(ctx context.Context, flags ...string) func() error {
	return func() error { _, err := w.startOperator(ctx, flags...); return err }
}

func (w *world) stopOperator() error {
	err := w.operator.Stop()
	w.operator = nil
	return err
}

// usage is what the operator's process has used so far.
type usage struct {
	CPU time.Duration
	// Memory is resident now, and Peak at most, in bytes.
	Memory, Peak int64
}

func (w *world) usage() (usage, error) {
	return usageOf(w.operator.Process.Pid)
}

func usageOf(pid int) (usage, error) {
	var u usage
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return u, fmt.Errorf("reading what the operator used: %w", err)
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+2:]))
	const userTicks, systemTicks, tick = 11, 12, 10 * time.Millisecond
	for _, i := range []int{userTicks, systemTicks} {
		ticks, err := strconv.ParseInt(fields[i], 10, 64)
		if err != nil {
			return u, fmt.Errorf("reading what the operator used: %w", err)
		}
		u.CPU += time.Duration(ticks) * tick
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return u, fmt.Errorf("reading what the operator used: %w", err)
	}
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(line, ":")
		kilobytes, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		switch name {
		case "VmRSS":
			u.Memory = kilobytes << 10
		case "VmHWM":
			u.Peak = kilobytes << 10
		}
	}
	return u, nil
}

// objectName numbers objects; a set of them has a prefix of its own.
func objectName(prefix string, i int) string { return fmt.Sprintf("%s-%05d", prefix, i) }

// declare stages two passcodes for each of n objects, and then creates the objects: so what is measured from the first
// object on is the operator's.
func (w *world) declare(ctx context.Context, prefix string, n int, modify func(*v1alpha1.CleverTapPasscode)) (begun time.Time, err error) {
	err = each(n, func(i int) error {
		account := w.vendor.Account(clevertap.India, w.accountOf(prefix, i))
		secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{
			Name: objectName(prefix, i) + "-staged", Namespace: namespace(i), Labels: map[string]string{v1alpha1.RoleLabel: v1alpha1.RoleSource},
		}, StringData: map[string]string{}}
		for _, key := range []string{"a", "b"} {
			value := fmt.Sprintf("%s-%d-%s", prefix, i, key)
			secret.StringData[key] = value
			account.Passcode(value, value, 365)
		}
		return w.kube.Create(ctx, secret)
	})
	if err != nil {
		return begun, err
	}
	begun = w.clock.Now()
	return begun, each(n, func(i int) error {
		o := &v1alpha1.CleverTapPasscode{ObjectMeta: metav1.ObjectMeta{Name: objectName(prefix, i), Namespace: namespace(i)}}
		o.Spec = v1alpha1.CleverTapPasscodeSpec{AccountID: w.accountOf(prefix, i), Region: "in1", Expiry: v1alpha1.Expiry{Forever: new(true)}}
		if w.shard != "" {
			o.Labels = map[string]string{"shard": strconv.Itoa(i % 2)}
		}
		for _, key := range []string{"a", "b"} {
			o.Spec.Passcodes = append(o.Spec.Passcodes,
				v1alpha1.PasscodeEntry{Name: key, SecretKeyRef: v1alpha1.SecretKeyRef{Name: o.Name + "-staged", Key: key}})
		}
		if modify != nil {
			modify(o)
		}
		return w.kube.Create(ctx, o)
	})
}

func (w *world) accountOf(prefix string, i int) string {
	return cmp.Or(w.account, fmt.Sprintf("BENCH-%s-%d", prefix, i/perAccount))
}

// rotatingAt has the first passcode replaced at a moment.
func rotatingAt(t time.Time) func(*v1alpha1.CleverTapPasscode) {
	return func(o *v1alpha1.CleverTapPasscode) {
		end := v1alpha1.Time(t.Add(1000 * time.Hour).UTC().Format(time.RFC3339))
		o.Spec.Passcodes[0].Expiry = &v1alpha1.Expiry{At: &end}
		o.Spec.Rotation = &v1alpha1.Rotation{Before: ptr.To(v1alpha1.Duration("1000h"))}
	}
}
