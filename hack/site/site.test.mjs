// What a reader does with the site, in a real browser: make site-test.
import assert from 'node:assert/strict'
import {readdirSync} from 'node:fs'
import {join} from 'node:path'
import {after, before, test} from 'node:test'
import {chromium} from 'playwright-core'
import {serve} from 'vitepress'

const built = join(import.meta.dirname, '../../bin/site')
const port = 4173
const origin = `http://127.0.0.1:${port}`
let server, browser, page

before(async () => {
  server = await serve({root: import.meta.dirname, port})
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-sync'],
  })
})

after(async () => {
  await browser?.close()
  server?.server.closeAllConnections()
  server?.server.close()
})

test.beforeEach(async () => {
  page = await browser.newPage()
})

test.afterEach(async () => page.close())

const pages = readdirSync(built, {recursive: true}).filter(file => file.endsWith('.html') && file !== '404.html')

// linksOf are those of a page to the site itself, with their anchors.
async function linksOf(path) {
  await page.goto(origin + path)
  return page.$$eval('a[href]', anchors => anchors.map(a => a.href))
}

test('every link leads to a page, and every anchor to a heading', async () => {
  const ids = new Map()
  const targets = new Map() // to the page that names it
  for (const file of pages) {
    const path = '/' + file
    for (const href of await linksOf(path)) {
      if (href.startsWith(origin)) targets.set(href, path)
    }
    ids.set(path.replace(/index\.html$/, ''), new Set(await page.$$eval('[id]', all => all.map(e => e.id))))
  }
  assert.ok(targets.size > 200, `only ${targets.size} links`)
  for (const [href, from] of targets) {
    const url = new URL(href)
    const path = url.pathname.replace(/index\.html$/, '')
    const found = ids.get(path) ?? ids.get(path + '.html')
    assert.ok(found, `${from}: ${href} is no page`)
    assert.ok(!url.hash || found.has(decodeURIComponent(url.hash.slice(1))), `${from}: ${href} has no such heading`)
  }
})

test('the navigation names every page', async () => {
  const named = new Set((await linksOf('/docs/tutorial.html')).map(href => new URL(href).pathname))
  for (const file of pages) {
    const path = '/' + file.replace(/index\.html$/, '')
    assert.ok(named.has(path) || named.has(path.replace(/\.html$/, '')), `${path} is in no navigation`)
  }
})

test('a search finds a page by its words, and opens it', async () => {
  await page.goto(origin + '/')
  await page.click('.VPNavBarSearch button')
  await page.fill('input[type=search]', 'deletionPolicy Delete')
  await page.click('.VPLocalSearchBox .result >> nth=0')
  await page.waitForURL(url => url.pathname !== '/')
  await page.waitForSelector('main >> text=deletionPolicy')
})

test('the navigation is followed from the first page to a runbook', async () => {
  await page.goto(origin + '/')
  await page.click('nav >> text=Documentation')
  await page.waitForURL('**/docs/')
  await page.click('.VPSidebar >> text=Alerts and symptoms')
  await page.click('.VPSidebar >> text=CleverTapPasscodeExpired')
  await page.waitForURL('**/CleverTapPasscodeExpired*')
  await page.waitForSelector('h1 >> text=CleverTapPasscodeExpired')
})

test('pictures have a background of their own, so that they are legible in dark mode', async () => {
  await page.emulateMedia({colorScheme: 'dark'})
  let pictures = 0
  for (const file of pages) {
    await page.goto(`${origin}/${file}`)
    assert.ok(await page.evaluate(() => document.documentElement.classList.contains('dark')))
    const corners = await page.$$eval('main img', images => Promise.all(images.map(async image => {
      await image.decode()
      const canvas = document.createElement('canvas')
      canvas.width = image.naturalWidth
      canvas.height = image.naturalHeight
      const context = canvas.getContext('2d')
      context.drawImage(image, 0, 0)
      return [image.src, context.getImageData(2, 2, 1, 1).data[3]]
    })))
    for (const [src, alpha] of corners) {
      assert.equal(alpha, 255, `${src} on ${file} is transparent`)
      pictures++
    }
  }
  assert.ok(pictures >= 2, `only ${pictures} pictures`)
})
