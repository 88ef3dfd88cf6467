// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"io"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

const repository = "ghcr.io/passcode-operator/clevertap-passcode-operator"

// operator builds the operator for each platform, with an image on nothing, and all images as one OCI layout.
func (r *release) operator() error {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, p := range []platform{{"linux", "amd64"}, {"linux", "arm64"}} {
		image, err := r.imageFor(p)
		if err != nil {
			return err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: p.os, Architecture: p.arch}},
		})
	}
	if _, err := layout.Write(r.path("image"), index); err != nil {
		return fmt.Errorf("writing the OCI layout: %w", err)
	}
	return nil
}

// imageFor writes the operator for a platform, its bill of materials and its image as a tarball.
func (r *release) imageFor(p platform) (v1.Image, error) {
	binary, err := r.compile(".", p)
	if err != nil {
		return nil, err
	}
	file := "clevertap-passcode-operator_" + p.String()
	if err := r.write(file, binary); err != nil {
		return nil, err
	}
	if err := r.sbom(file); err != nil {
		return nil, err
	}
	image, err := r.image(binary, p)
	if err != nil {
		return nil, err
	}
	tag, err := name.NewTag(repository + ":" + r.version)
	if err != nil {
		return nil, fmt.Errorf("naming the image: %w", err)
	}
	if err := tarball.WriteToFile(r.path("image_"+p.String()+".tar"), tag, image); err != nil {
		return nil, fmt.Errorf("writing the image for %s: %w", p, err)
	}
	return image, nil
}

// image is the one that the Dockerfile builds: the binary, which brings its own roots and time zones, and nothing else.
func (r *release) image(binary []byte, p platform) (v1.Image, error) {
	content, err := tarOf(r.time, entry{name: "clevertap-passcode-operator", mode: 0o755, content: binary})
	if err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil })
	if err != nil {
		return nil, fmt.Errorf("making a layer: %w", err)
	}
	image, err := mutate.Append(mutate.MediaType(empty.Image, types.OCIManifestSchema1), mutate.Addendum{
		Layer: layer, History: v1.History{Created: v1.Time{Time: r.time}, CreatedBy: "make dist"},
	})
	if err != nil {
		return nil, fmt.Errorf("appending the layer: %w", err)
	}
	image, err = mutate.ConfigFile(image, r.config(image, p))
	if err != nil {
		return nil, fmt.Errorf("configuring the image: %w", err)
	}
	return image, nil
}

func (r *release) config(image v1.Image, p platform) *v1.ConfigFile {
	before, err := image.ConfigFile()
	if err != nil {
		panic(err) // of an image in memory
	}
	config := before.DeepCopy()
	config.OS, config.Architecture, config.Created = p.os, p.arch, v1.Time{Time: r.time}
	config.Config = v1.Config{
		Entrypoint: []string{"/clevertap-passcode-operator"},
		User:       "65532:65532",
		Labels: map[string]string{
			"org.opencontainers.image.title":    "clevertap-passcode-operator",
			"org.opencontainers.image.source":   "https://github.com/passcode-operator/clevertap-passcode-operator",
			"org.opencontainers.image.version":  r.version,
			"org.opencontainers.image.revision": r.commit,
			"org.opencontainers.image.licenses": "Apache-2.0",
		},
	}
	return config
}
