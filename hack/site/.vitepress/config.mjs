// The site of the documentation: the repository's own Markdown, as it is, with a navigation and a search.
import {existsSync, readFileSync, readdirSync} from 'node:fs'
import {dirname, join, relative} from 'node:path'
import {slug} from 'github-slugger'
import {defineConfig} from 'vitepress'

const root = join(import.meta.dirname, '../../..')
const source = 'https://github.com/passcode-operator/clevertap-passcode-operator/blob/main/'

// title is a page's first heading.
const title = page => readFileSync(join(root, page), 'utf8').match(/^# (.+)$/m)[1]
const link = page => ({text: title(page), link: '/' + page.replace(/(README)?\.md$/, '')})
const pagesOf = folder => readdirSync(join(root, folder)).filter(name => name.endsWith('.md') && name !== 'README.md').sort().map(name => `${folder}/${name}`)
const group = (text, pages) => ({text, collapsed: false, items: pages.map(link)})

// site.test.mjs finds a page that is missing here.
const sidebar = [
  {text: 'Start', items: [{text: 'What it is', link: '/'}, ...['docs/tutorial.md', 'docs/try-on-kind.md', 'docs/installation.md', 'docs/concepts.md'].map(link)]},
  group('Use', ['docs/use-it.md', 'docs/how-to.md', 'docs/observe.md', 'docs/plugin.md', 'docs/plugin-recordings.md', 'docs/gitops.md', 'docs/many-teams.md', 'docs/what-is-sent.md']),
  group('Operate', ['docs/slo.md', 'docs/upgrade.md', 'docs/backup.md', 'docs/disasters.md', 'docs/scaling.md']),
  {...group('Alerts and symptoms', ['docs/runbooks/README.md', ...pagesOf('docs/runbooks')]), collapsed: true},
  group('Look up', ['docs/reference.md', 'charts/clevertap-passcode-operator/README.md', 'docs/support.md', 'docs/verify-a-release.md', 'docs/comparison.md', 'docs/reliability.md', 'docs/performance.md', 'SECURITY.md', 'CHANGELOG.md']),
  group('Develop', ['CONTRIBUTING.md', ...pagesOf('docs/development'), ...pagesOf('docs/decisions')]),
]

// What is no page, such as a test that a statement names, is shown in the repository.
function linkToSource(markdown) {
  const render = markdown.renderer.rules.link_open ?? ((tokens, i, options, env, self) => self.renderToken(tokens, i, options))
  markdown.renderer.rules.link_open = (tokens, i, options, env, self) => {
    const href = tokens[i].attrGet('href')
    if (!/^([a-z]+:|#|\/)/.test(href)) {
      const path = relative(root, join(root, dirname(env.relativePath), href.replace(/#.*/, '')))
      if (!path.endsWith('.md') && existsSync(join(root, path))) {
        tokens[i].attrSet('href', source + path)
      } else {
        tokens[i].attrSet('href', href.replace(/\bREADME\.md/, 'index.md')) // see rewrites
      }
    }
    return render(tokens, i, options, env, self)
  }
}

// Braces are a chart's or a shell's, and no expression of Vue's.
function bracesAreText(markdown) {
  for (const rule of ['text', 'code_inline']) {
    const render = markdown.renderer.rules[rule]
    markdown.renderer.rules[rule] = (...args) => render(...args).replaceAll('{{', '&#123;&#123;')
  }
}

export default defineConfig({
  title: 'CleverTap passcode operator',
  description: 'Publishes working CleverTap passcodes in the Secrets that workloads mount, and rotates them before they expire.',
  srcDir: root,
  srcExclude: ['!(README|SECURITY|CONTRIBUTING|CHANGELOG).md', '{bin,dist,hack,test,config,internal,controllers,api,cmd,.github}/**', 'docs/bench/**', '**/node_modules/**'],
  outDir: join(root, 'bin/site'),
  cacheDir: join(root, 'bin/site-cache'),
  rewrites: {'README.md': 'index.md', 'docs/README.md': 'docs/index.md', ':folder((?:docs|charts)/.*)/README.md': ':folder/index.md'},
  cleanUrls: false,
  metaChunk: true,
  markdown: {config: markdown => { linkToSource(markdown); bracesAreText(markdown) }, anchor: {slugify: text => slug(text)}, languageAlias: {promql: 'sql'}},
  // The pages lie outside of this folder, where Vue is not found by walking up.
  vite: {resolve: {alias: [{find: /^vue(?=$|\/)/, replacement: join(import.meta.dirname, '../node_modules/vue')}]}},
  themeConfig: {
    search: {provider: 'local'},
    outline: 'deep',
    sidebar,
    nav: [{text: 'Documentation', link: '/docs/'}, {text: 'Reference', link: '/docs/reference'}],
    socialLinks: [{icon: 'github', link: 'https://github.com/passcode-operator/clevertap-passcode-operator'}],
  },
})
