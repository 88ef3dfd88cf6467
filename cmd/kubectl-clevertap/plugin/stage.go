// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/passcode-operator/clevertap-passcode-operator/api/v1alpha1"
	"github.com/passcode-operator/clevertap-passcode-operator/internal/clevertap"
)

// stageOptions are stage's flags.
type stageOptions struct {
	passcodeName string
	days         int32
	forever      bool
	at           string
	replace      bool
	createdAt    string
	secret, key  string
	edit         bool
	dryRun       string
	timeout      *time.Duration
}

func (c *cli) stage() *cobra.Command {
	o := &stageOptions{}
	command := &cobra.Command{
		Use:   "stage NAME --passcode-name N --days D | --forever | --at TIME | --replace",
		Short: "Stage a passcode that you just created on the dashboard, and wait for the result",
		Long: `Stage a passcode that you just created on the dashboard, and wait for the result of its verification.

The value is read from a prompt that does not show it, or from standard input if that is no terminal; it is never an
argument and never in a file. It is written to a Secret with the label clevertap.passcode-operator.io/role=source, and
the entry is added to the end of spec.passcodes. If a GitOps tool or kubectl apply manages that list, the entry to
commit is printed instead, and the exit code is 6; --edit changes the list anyway.

--replace gives an existing entry a new value, as after a typo or a user's reset. It writes only that key of the entry's
Secret, and keeps createdAt unless --created-at is given.`,
		Example: `  kubectl clevertap stage marketing --passcode-name shop-2027-q1 --days 90
  kubectl clevertap stage marketing --passcode-name shop-2027-q1 --replace
  pass show clevertap/q1 | kubectl clevertap stage marketing --passcode-name shop-2027-q1 --days 90`,
	}
	flags := command.Flags()
	flags.StringVar(&o.passcodeName, "passcode-name", "", "The passcode's name on the dashboard.")
	flags.Int32Var(&o.days, "days", 0, "The days that were set on the dashboard.")
	flags.BoolVar(&o.forever, "forever", false, "It was created to never expire.")
	flags.StringVar(&o.at, "at", "", "When it expires, RFC 3339.")
	flags.BoolVar(&o.replace, "replace", false, "Replace the value of an existing entry.")
	flags.StringVar(&o.createdAt, "created-at", "", "When it was created on the dashboard, RFC 3339 (default now).")
	flags.StringVar(&o.secret, "secret", "", "The Secret to stage it in (default the object's name plus -staged).")
	flags.StringVar(&o.key, "key", "", "The Secret's key (default the passcode's name, with invalid characters replaced by hyphens).")
	flags.BoolVar(&o.edit, "edit", false, "Change spec.passcodes even if another tool manages it, which may revert the change.")
	flags.StringVar(&o.dryRun, "dry-run", "none", `"client" prints what would be done, "server" has the API server validate it; neither stores anything.`)
	command.MarkFlagsOneRequired("days", "forever", "at", "replace")
	command.MarkFlagsMutuallyExclusive("days", "forever", "at", "replace")
	if err := command.MarkFlagRequired("passcode-name"); err != nil {
		panic(err) // the flag is three lines above
	}
	o.timeout = timeoutFlag(command)
	output := printFlags(command)
	return c.oneObject(command, func(ctx context.Context, a *access, object *v1alpha1.CleverTapPasscode) error {
		staging, err := c.newStaging(ctx, a, object, o)
		if err != nil {
			return err
		}
		staged, err := staging.run(ctx)
		return c.finish(output, staged, err)
	})
}

// staging is one passcode on its way from the person to CleverTap's result.
type staging struct {
	*cli
	*access
	options *stageOptions
	// replaces reports whether the entry is there already, at index, with a value of this fingerprint.
	replaces    bool
	index       int
	fingerprint string
	object      *v1alpha1.CleverTapPasscode
	entry       v1alpha1.PasscodeEntry
	passcode    clevertap.Passcode
	source      *source
	// manager is who manages spec.passcodes, if the list is to be left to it.
	manager string
}

// newStaging reads the value and denies, before anything is written, what could not work.
func (c *cli) newStaging(ctx context.Context, a *access, object *v1alpha1.CleverTapPasscode, o *stageOptions) (*staging, error) {
	if o.dryRun != "none" && o.dryRun != "client" && o.dryRun != "server" {
		return nil, fmt.Errorf("--dry-run %s: must be none, client or server", o.dryRun)
	}
	if err := o.datesProblem(c.now()); err != nil {
		return nil, err
	}
	if o.replacing(object) {
		return c.newReplacement(ctx, a, object, o)
	}
	for _, listed := range object.Spec.Passcodes {
		if listed.Name == o.passcodeName {
			return nil, fmt.Errorf("spec.passcodes lists %q already, with its value in key %q of Secret %q: choose the name of the new passcode, or --replace its value", o.passcodeName, listed.SecretKeyRef.Key, listed.SecretKeyRef.Name)
		}
	}
	s := &staging{cli: c, access: a, options: o, object: object, entry: c.entry(object, o)}
	if !o.edit {
		s.manager = foreignOwner(object, "spec", "passcodes")
	}
	err := s.validate(ctx)
	if err != nil {
		return nil, err
	}
	if s.passcode, err = c.promptPasscode(ctx, o.passcodeName); err != nil {
		return nil, err
	}
	if s.source, err = a.sourceOf(ctx, object.Namespace, s.entry.SecretKeyRef); err != nil {
		return nil, err
	}
	return s, s.check(ctx)
}

// validate denies an entry that the API server would not accept, also if another tool is to add it.
func (s *staging) validate(ctx context.Context) error {
	after := s.object.DeepCopy()
	if s.replaces {
		after.Spec.Passcodes[s.index] = s.entry
	} else {
		after.Spec.Passcodes = append(after.Spec.Passcodes, s.entry)
	}
	after.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("CleverTapPasscode"))
	if err := validate(ctx, after); err != nil {
		return fmt.Errorf("the entry would not be accepted: %w", err)
	}
	return nil
}

// check warns of a value that is probably not what the dashboard showed, and denies one that another entry has.
func (s *staging) check(ctx context.Context) error {
	if suspicion := s.passcode.Suspicion(s.object.Spec.AccountID, s.entry.Name); suspicion != "" {
		s.progressf("Warning: the value %s. If CleverTap rejects it, stage only the passcode as the dashboard showed it: --replace.", suspicion)
	}
	return s.denyStaged(ctx)
}

// entry is what is to be listed.
func (c *cli) entry(object *v1alpha1.CleverTapPasscode, o *stageOptions) v1alpha1.PasscodeEntry {
	createdAt := o.createdAt
	if createdAt == "" {
		createdAt = c.now().UTC().Format(time.RFC3339)
	}
	entry := v1alpha1.PasscodeEntry{
		Name:         o.passcodeName,
		SecretKeyRef: v1alpha1.SecretKeyRef{Name: o.secret, Key: o.key},
		CreatedAt:    new(v1alpha1.Time(createdAt)),
	}
	if o.secret == "" {
		entry.SecretKeyRef.Name = object.Name + "-staged"
	}
	if o.key == "" {
		entry.SecretKeyRef.Key = regexp.MustCompile(`[^-._a-zA-Z0-9]`).ReplaceAllString(o.passcodeName, "-")
	}
	usual := object.Spec.Expiry
	same := (o.forever && usual.Forever != nil) || (!o.forever && usual.Days != nil && *usual.Days == o.days)
	switch {
	case same:
	case o.at != "":
		entry.Expiry = &v1alpha1.Expiry{At: new(v1alpha1.Time(o.at))}
	case o.forever:
		entry.Expiry = &v1alpha1.Expiry{Forever: new(true)}
	default:
		entry.Expiry = &v1alpha1.Expiry{Days: new(o.days)}
	}
	return entry
}

// promptPasscode reads the value from a prompt that does not show it, or from standard input.
func (c *cli) promptPasscode(ctx context.Context, name string) (clevertap.Passcode, error) {
	raw, err := c.readHidden(ctx, name)
	if err != nil {
		return clevertap.Passcode{}, fmt.Errorf("reading the passcode: %w", err)
	}
	passcode, err := clevertap.ParsePasscode(raw)
	if err != nil {
		return clevertap.Passcode{}, fmt.Errorf("the value of %q: %w: a passcode has 1 to %d printable ASCII characters and no white space", name, err,
			clevertap.MaxPasscodeLength)
	}
	return passcode, nil
}

// readHidden ends when the context does, with the terminal as it was: reading a password knows no context.
func (c *cli) readHidden(ctx context.Context, name string) ([]byte, error) {
	file, isFile := c.In.(*os.File)
	if !isFile || !term.IsTerminal(int(file.Fd())) { // a descriptor is a small number
		if isFile && mayBeTerminal(file) {
			c.progressf("Reading passcode %q from standard input, which shows it. End it with Ctrl-D on a line of its own.", name)
		}
		return io.ReadAll(io.LimitReader(bufio.NewReader(c.In), 4*clevertap.MaxPasscodeLength))
	}
	descriptor := int(file.Fd()) // as above
	// The echo ends before the prompt is there: what is pasted at once must not be shown.
	before, err := term.MakeRaw(descriptor)
	if err != nil {
		return nil, fmt.Errorf("ending the terminal's echo: %w", err)
	}
	defer func() { _ = term.Restore(descriptor, before) }() // there is no other way to go on
	type input struct {
		text string
		err  error
	}
	read := make(chan input, 1)
	go func() {
		screen := term.NewTerminal(struct {
			io.Reader
			io.Writer
		}{file, c.ErrOut}, "")
		text, err := screen.ReadPassword(fmt.Sprintf("Passcode %q (not shown): ", name))
		read <- input{text, err}
	}()
	select {
	case i := <-read:
		if !errors.Is(i.err, io.EOF) {
			return []byte(i.text), i.err
		}
	case <-ctx.Done():
	}
	_, _ = fmt.Fprint(c.ErrOut, "\r\n")
	return nil, &outcome{ExitInterrupted, "interrupted: nothing was written"} // Ctrl-C is no signal meanwhile, and ends the input
}

// mayBeTerminal reports whether a person may be typing into what is no terminal to this process: the terminals of Git Bash on
// Windows are named pipes.
func mayBeTerminal(file *os.File) bool {
	info, err := file.Stat()
	return runtime.GOOS == "windows" && err == nil && info.Mode()&os.ModeNamedPipe != 0
}

// datesProblem says which time among the flags is none, or is in the future if none can be.
func (o *stageOptions) datesProblem(now time.Time) error {
	for flag, text := range map[string]string{"--created-at": o.createdAt, "--at": o.at} {
		if text == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return fmt.Errorf("%s %s: must be a time such as %s", flag, text, now.UTC().Format(time.RFC3339))
		}
		if flag == "--at" && !at.After(now) {
			return fmt.Errorf("--at %s is in the past: an expired passcode cannot be used", text)
		}
		if flag == "--created-at" && at.After(now) {
			return fmt.Errorf("--created-at %s is in the future: give the time at which the passcode was created on the dashboard", text)
		}
	}
	return nil
}

// denyStaged denies a value that an entry has already.
func (s *staging) denyStaged(ctx context.Context) error {
	for _, listed := range s.object.Spec.Passcodes {
		value, err := s.valueOf(ctx, s.object.Namespace, listed.SecretKeyRef)
		if err != nil {
			return err
		}
		if other, malformed := clevertap.ParsePasscode(value); malformed == nil && other.Equal(s.passcode) {
			if s.replaces && listed.Name == s.entry.Name {
				return fmt.Errorf("%q has this value already", listed.Name)
			}
			return fmt.Errorf("this value is staged already, as %q: create a new passcode on the dashboard", listed.Name)
		}
	}
	return nil
}

// run says what will be done, does it, and waits for the result.
func (s *staging) run(ctx context.Context) (*v1alpha1.CleverTapPasscode, error) {
	ref := s.entry.SecretKeyRef
	s.progressf("%s key %q of Secret %s/%s", s.source.verb(), ref.Key, s.object.Namespace, ref.Name)
	if s.manager == "" && !s.replaces {
		s.progressf("Add %q to the end of spec.passcodes of CleverTapPasscode %s/%s", s.entry.Name, s.object.Namespace, s.object.Name)
	}
	if s.options.dryRun == "client" {
		var err error
		if s.manager != "" {
			s.progressf("Print this entry, because %s manages spec.passcodes:", s.manager)
			err = s.printEntry()
		}
		s.progressf("Dry run: nothing was done.")
		return s.object, err
	}
	if err := s.source.write(ctx, s.access, s.passcode, s.dryRun()...); err != nil {
		return s.object, err
	}
	list := s.list
	if s.replaces {
		list = s.setCreatedAt
	}
	if s.manager != "" && s.options.dryRun != "server" {
		return s.object, s.printEntry()
	}
	object, err := list(ctx)
	if err != nil {
		return s.object, err
	}
	if s.options.dryRun == "server" {
		if s.manager != "" {
			err = s.printEntry()
		}
		s.progressf("Dry run: the API server accepts it, and nothing was done.")
		return object, err
	}
	err = s.await(ctx, s.access, object.Name, *s.options.timeout, func(now *v1alpha1.CleverTapPasscode) (bool, string, error) {
		object = now
		return s.verified(now)
	})
	return object, err
}

func (s *staging) dryRun() []client.PatchOption {
	options := []client.PatchOption{client.FieldOwner(fieldManager)}
	if s.options.dryRun == "server" {
		options = append(options, client.DryRunAll)
	}
	return options
}

// printEntry prints the entry for where the list is kept.
func (s *staging) printEntry() error {
	text, err := yaml.Marshal([]v1alpha1.PasscodeEntry{s.entry})
	if err != nil {
		return fmt.Errorf("printing the entry: %w", err)
	}
	s.printf("%s", text)
	if s.options.dryRun != "none" {
		return nil
	}
	if s.replaces {
		return &outcome{ExitNotFinished, fmt.Sprintf("the value is staged and the operator verifies it; spec.passcodes is managed by %s: commit this createdAt for %q, until then its validity counts from the old one", s.manager, s.entry.Name)}
	}
	return &outcome{ExitNotFinished,
		fmt.Sprintf("the value is staged; spec.passcodes is managed by %s: commit this at its end, and the operator verifies it", s.manager)}
}

// list appends the entry.
func (s *staging) list(ctx context.Context) (*v1alpha1.CleverTapPasscode, error) {
	return s.addToList(ctx, fmt.Sprintf("adding %q to spec.passcodes", s.entry.Name), "/spec/passcodes/-", s.entry)
}

// addToList sets what is at the path in spec.passcodes, provided that nobody changed the list meanwhile. An error says what
// was being done.
func (s *staging) addToList(ctx context.Context, doing, path string, value any) (*v1alpha1.CleverTapPasscode, error) {
	patch, err := json.Marshal([]map[string]any{
		{"op": "test", "path": "/spec/passcodes", "value": s.object.Spec.Passcodes},
		{"op": "add", "path": path, "value": value},
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	object := s.object.DeepCopy()
	if err := s.Patch(ctx, object, client.RawPatch(types.JSONPatchType, patch), s.dryRun()...); err != nil {
		return nil, fmt.Errorf("%s (its value is staged; the same command continues from there): %w", doing, err)
	}
	return object, nil
}

// verified reports done once CleverTap accepted or rejected the passcode.
func (s *staging) verified(o *v1alpha1.CleverTapPasscode) (bool, string, error) {
	p := stateOf(o, s.entry.Name)
	if p == nil || o.Status.ObservedGeneration < o.Generation || (s.replaces && p.Fingerprint == s.fingerprint) {
		return false, "waiting for the operator", nil
	}
	switch p.State {
	case v1alpha1.StateStaged:
		return true, s.accepted(o), nil
	case v1alpha1.StateActive:
		return true, fmt.Sprintf("CleverTap accepts %q, and it is active", p.Name), nil
	case v1alpha1.StateRejected, v1alpha1.StateDuplicate, v1alpha1.StateMalformed, v1alpha1.StateExpired:
		return true, "", rejected("%q cannot be used: %s", p.Name, p.Message)
	default:
		return false, "waiting for the result" + detail(p.Message), nil
	}
}

func detail(message string) string {
	if message == "" {
		return ""
	}
	return ": " + message
}

func (s *staging) accepted(o *v1alpha1.CleverTapPasscode) string {
	text := fmt.Sprintf("CleverTap accepts %q", s.entry.Name)
	if o.Status.NextPasscode == s.entry.Name {
		return text + ": " + s.next(o)
	}
	return text + "; it is staged"
}
