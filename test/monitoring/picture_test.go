// SPDX-FileCopyrightText: 2026 The CleverTap Passcode Operator Authors
// SPDX-License-Identifier: Apache-2.0

package monitoring

import (
	"cmp"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template"

	. "github.com/onsi/gomega"
)

// bar is one object's row of the picture.
type bar struct {
	Name         string
	Left, Runway int // days
	Colour       string
	Y, TextY     int
	Width, Rest  int // pixels of the two
}

const pixelsADay = 2

const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 {{.Height}}" font-family="sans-serif" font-size="13" role="img">
<title>Days left of each active passcode, and its runway</title>
<rect width="720" height="{{.Height}}" fill="#fff"/>
<text x="16" y="24" font-size="15" fill="#222">Days left (full) and runway (light)</text>
<line x1="220" x2="220" y1="38" y2="{{.Height}}" stroke="#d33" stroke-dasharray="3 3"/>
<text x="224" y="46" font-size="10" fill="#d33">30 days</text>
{{range .Bars}}<text x="16" y="{{.TextY}}" fill="#222">{{.Name}}</text>
<rect x="160" y="{{.Y}}" width="{{.Rest}}" height="18" fill="{{.Colour}}" opacity=".3"/>
<rect x="160" y="{{.Y}}" width="{{.Width}}" height="18" fill="{{.Colour}}"/>
<text x="560" y="{{.TextY}}" fill="#555">{{.Left}} d, runway {{.Runway}} d</text>
{{end}}</svg>
`

// drawPicture draws docs/dashboard.svg from the data of the dashboard's panels, where UPDATE_PICTURE=1 requests it.
func drawPicture(t *testing.T, p *prometheus) {
	t.Helper()
	g := NewWithT(t)
	left := daysOf(t, p, "Days left")
	runway := daysOf(t, p, "Runway")
	var bars []bar
	for name, days := range left {
		b := bar{Name: name, Left: days, Runway: runway[name], Colour: "#2a7", Width: days * pixelsADay, Rest: runway[name] * pixelsADay}
		switch {
		case days <= 7:
			b.Colour = "#d33"
		case days <= 30:
			b.Colour = "#d90"
		}
		bars = append(bars, b)
	}
	g.Expect(bars).NotTo(BeEmpty())
	slices.SortFunc(bars, func(a, b bar) int { return cmp.Or(cmp.Compare(a.Left, b.Left), cmp.Compare(a.Name, b.Name)) })
	for i := range bars {
		bars[i].Y, bars[i].TextY = 56+28*i, 70+28*i
	}
	var out strings.Builder
	g.Expect(template.Must(template.New("").Parse(svg)).Execute(&out, map[string]any{"Bars": bars, "Height": 70 + 28*len(bars)})).To(Succeed())
	if os.Getenv("UPDATE_PICTURE") == "1" {
		g.Expect(os.WriteFile(file("docs", "dashboard.svg"), []byte(out.String()), 0o600)).To(Succeed())
	}
}

// daysOf is a panel's number for each object.
func daysOf(t *testing.T, p *prometheus, title string) map[string]int {
	t.Helper()
	g := NewWithT(t)
	all := panels(t)
	i := slices.IndexFunc(all, func(p panel) bool { return p.Title == title })
	results, err := p.query(asGrafana(all[i].Targets[0].Expr))
	g.Expect(err).NotTo(HaveOccurred())
	days := map[string]int{}
	for _, s := range results {
		number, err := strconv.ParseFloat(s.Value[1].(string), 64)
		g.Expect(err).NotTo(HaveOccurred())
		days[s.Metric["namespace"]+"/"+s.Metric["name"]] = int(number)
	}
	return days
}
