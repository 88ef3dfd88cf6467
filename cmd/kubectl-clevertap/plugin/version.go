// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// versions is the output of version.
type versions struct {
	Version   string `json:"version"`
	GoVersion string `json:"goVersion"`
	Platform  string `json:"platform"`
	// Operators are those of the cluster that can be found; none with --client.
	Operators []installation `json:"operators,omitempty"`
}

// installation is one Deployment of the operator.
type installation struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Image names the operator's version by its tag or digest.
	Image string `json:"image"`
	// Ready is how many of the wanted Pods are ready, such as 2/2.
	Ready string `json:"ready"`
}

func (c *cli) version() *cobra.Command {
	command := &cobra.Command{Use: "version", Args: cobra.NoArgs, Short: "Print the versions of the plugin and of the cluster's operator"}
	clientOnly := command.Flags().Bool("client", false, "Print the plugin's version only, without a request to the cluster.")
	output := valueFlag(command)
	command.RunE = func(cmd *cobra.Command, _ []string) error {
		v := clientVersion()
		var problem error
		if !*clientOnly {
			v.Operators, problem = c.findOperators(cmd.Context())
		}
		if done, err := c.printedValue(*output, v); done {
			return err
		}
		c.printf("kubectl-clevertap %s (%s, %s)", v.Version, v.GoVersion, v.Platform)
		for _, o := range v.Operators {
			c.printf("operator %s (Deployment %s/%s, %s Pods ready)", o.Image, o.Namespace, o.Name, o.Ready)
		}
		switch {
		case *clientOnly:
		case problem != nil: // the plugin's own version is known all the same
			c.progressf("The operator's version is not known: %v", problem)
		case len(v.Operators) == 0:
			c.progressf("The cluster has no Deployment of the operator.")
		}
		return nil
	}
	return command
}

// clientVersion is what the build says of this plugin; the version is that of the tag, or of the commit.
func clientVersion() versions {
	v := versions{Version: "unknown", GoVersion: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if build, ok := debug.ReadBuildInfo(); ok {
		v.Version = build.Main.Version
	}
	return v
}

func (c *cli) findOperators(ctx context.Context) ([]installation, error) {
	a, err := c.connect()
	if err != nil {
		return nil, err
	}
	return a.operators(ctx)
}

// operators finds the Deployments of the operator in all namespaces, by the label that the chart and the manifests give
// them and by the image, because chart values can change every name.
func (a *access) operators(ctx context.Context) ([]installation, error) {
	var list appsv1.DeploymentList
	if err := a.List(ctx, &list, client.MatchingLabels{"app.kubernetes.io/component": "manager"}); err != nil {
		return nil, fmt.Errorf("listing Deployments of all namespaces: %w", err)
	}
	var found []installation
	for _, d := range list.Items {
		containers := d.Spec.Template.Spec.Containers
		at := slices.IndexFunc(containers, func(c corev1.Container) bool { return c.Name == "manager" })
		if at < 0 || !isOperator(d.Labels, containers[at].Image) {
			continue
		}
		wanted := int32(1) // the API's default
		if d.Spec.Replicas != nil {
			wanted = *d.Spec.Replicas
		}
		found = append(found, installation{
			Namespace: d.Namespace, Name: d.Name, Image: containers[at].Image, Ready: fmt.Sprintf("%d/%d", d.Status.ReadyReplicas, wanted),
		})
	}
	return found, nil
}

func isOperator(labels map[string]string, image string) bool {
	const name = "clevertap-passcode-operator"
	return labels["app.kubernetes.io/name"] == name || strings.Contains(image, name)
}
