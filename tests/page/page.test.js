// The page in Chromium: request a digest, watch it arrive, see its bars, download it; jobs and merged hours; a narrow
// window, the keyboard, dark mode. service.js says of which service. SCREENSHOTS, if set, names a folder.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { output, rehose, serve } from "./service.js";

const folder = mkdtempSync(join(tmpdir(), "page-"));
const stash = join(folder, "stash");
let browser;
let service;
let address;

before(async () => {
  execFileSync(rehose, ["sample", stash, "--objects", "40", "--events", "200"]);
  const stranger = { id: "1", timestamp: 1_580_515_200_000, message: "<script>alert(1)</script>" };
  const document = { messageType: "DATA_MESSAGE", owner: "1", logGroup: "g", logStream: "s", logEvents: [stranger] };
  writeFileSync(join(stash, "2020/02/01/00/stranger"), JSON.stringify(document));
  writeFileSync(join(stash, "2020/02/01/00/broken.gz"), Buffer.from("1f8b0800", "hex"));
  ({ service, address } = await serve(folder, stash));
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
});

after(async () => {
  await browser?.close();
  service?.kill();
  rmSync(folder, { recursive: true });
});

/** Opens the page, and fails the test if it has an error. */
async function open(options = {}, url = address) {
  const context = await browser.newContext({ acceptDownloads: true, ...options });
  const page = await context.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(error));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  await page.goto(url);
  return { page, errors, close: () => context.close() };
}

async function screenshot(page, name) {
  if (process.env.SCREENSHOTS) await page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}.png`), fullPage: true });
}

test("a digest is requested, arrives, is shown and downloaded", async () => {
  const { page, errors, close } = await open();
  await page.getByLabel("From (UTC)").fill("2020-02-01T00:00");
  await page.getByLabel("To (UTC)").fill("2020-02-01T06:00");
  await page.getByRole("button", { name: "Request" }).click();
  await page.getByText("Busiest pairs").waitFor();
  const facts = await page.locator("#digest dl").innerText();
  assert.match(facts, /incomplete/);
  assert.match(facts, /records\s+[1-9][0-9,]* in the window/);
  assert.ok((await page.locator("#digest .bar").count()) > 5);
  await screenshot(page, "page-digest");

  const [download] = await Promise.all([page.waitForEvent("download"), page.getByText(/Download csv/).click()]);
  const rows = readFileSync(await download.path(), "utf8").trim().split("\n");
  const shown = Number(facts.match(/rows\s+([0-9,]+)/)[1].replaceAll(",", ""));
  assert.equal(rows.length - 1, shown);

  // Once more: it is there.
  await page.getByRole("button", { name: "Request" }).click();
  await page.getByText("The digest is there.").waitFor();
  assert.equal(await page.locator("#digest-list tr").count(), 1);
  // The browser itself reports the 409 as an error of its console.
  assert.deepEqual(errors.filter((error) => !`${error}`.includes("409")), []);
  await close();
});

test("a job and its report are shown, and written as a page of its own", async () => {
  const { page, errors, close } = await open();
  await page.getByRole("button", { name: "merge", exact: true }).click();
  await page.getByRole("heading", { name: "merge", exact: true }).waitFor();
  const facts = await page.locator("#job dl").innerText();
  assert.match(facts, /42 listed: 41 done, 1 failed/);
  assert.match(facts, /events\s+[1-9][0-9,]*: [1-9][0-9,]* rows, 1 rejected/);
  const tables = await page.locator("#job").innerText();
  assert.match(tables, /Rejections by reason[^]*field-count: 1\s+1\s+(logs\/)?2020\/02\/01\/00\/stranger/);
  assert.match(tables, /Failures[^]*broken\.gz/);
  assert.deepEqual(errors, []);
  await screenshot(page, "page-job");
  await close();

  const file = join(folder, "job.html");
  execFileSync(rehose, ["report", "merge", "--html", file, "--output", output]);
  const own = await open({ offline: true }, pathToFileURL(file).href);
  assert.equal(await own.page.locator("#job dl").innerText(), facts);
  assert.equal(await own.page.locator("#digests").count(), 0);
  assert.deepEqual(own.errors, []);
  await own.close();
});

test("merged hours are a calendar", async () => {
  const { page, errors, close } = await open();
  await page.getByLabel("Month").fill("2020-02");
  await page.getByRole("button", { name: "Show" }).last().click();
  const hour = page.locator(".hour.missing").first();
  await hour.click();
  assert.match(await page.locator("#hour").innerText(), /2020-02-01 00:00: [0-9]+ objects became 1 files/);
  assert.deepEqual(errors, []);
  await screenshot(page, "page-merged");
  await close();
});

test("it fits 400 pixels, and is dark if the system is", async () => {
  const { page, close } = await open({ viewport: { width: 400, height: 800 }, colorScheme: "dark" });
  await page.getByText("incomplete").first().waitFor();
  const widths = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
  assert.ok(widths[0] <= widths[1], `${widths}`);
  const back = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  assert.equal(back, "rgb(20, 23, 27)");
  await screenshot(page, "page-narrow-dark");
  await close();
});

test("everything is reached and used by keyboard", async () => {
  const { page, close } = await open();
  await page.getByText("incomplete").first().waitFor();
  const seen = new Set();
  for (let press = 0; press < 80; press += 1) {
    await page.keyboard.press("Tab");
    seen.add(await page.evaluate(() => document.activeElement.name || document.activeElement.textContent));
  }
  for (const name of ["start", "stop", "scope", "by", "fold", "Request", "Show", "merge"]) assert.ok(seen.has(name), name);
  await page.locator("#digest-list button").focus();
  await page.keyboard.press("Enter");
  await page.getByText("Busiest pairs").waitFor();
  await close();
});
