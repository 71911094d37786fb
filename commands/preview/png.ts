import * as path from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import type { Page } from "playwright-core";
import { PAGE_WIDTH } from "./render/page";

/** Where Debian's package has it. */
export const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** Everything that would open a connection or a window is off: the page is complete in itself. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-default-apps",
  "--disable-domain-reliability",
  "--disable-sync",
  "--no-first-run",
  "--no-pings",
  "--hide-scrollbars",
  "--font-render-hinting=none",
];

/** Opens a page as it would be printed, and closes the browser whatever happens. */
async function withPage<T>(html: string, width: number, use: (page: Page) => Promise<T>): Promise<T> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS }).catch((error: unknown) => {
    const said = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new Error(
      `${CHROMIUM} does not start: ${said}; install Debian's chromium, or set CHROMIUM to a binary`,
    );
  });
  try {
    const page = await browser.newPage({ viewport: { width, height: 1000 }, colorScheme: "light" });
    await page.goto(pathToFileURL(html).href);
    return await use(page);
  } finally {
    await browser.close();
  }
}

/** Takes a picture of each dashboard of a page: `<folder>/<uid>.png`. Returns the files. */
export function takePictures(
  html: string,
  uids: readonly string[],
  folder: string,
): Promise<readonly string[]> {
  return withPage(html, PAGE_WIDTH, async (page) => {
    const files: string[] = [];
    for (const uid of uids) {
      const file = path.join(folder, `${uid}.png`);
      await page.locator(`#${uid}`).screenshot({ path: file, animations: "disabled" });
      files.push(file);
    }
    return files;
  });
}

/** Takes a picture of a whole page. Returns the file. */
export function takePagePicture(html: string, file: string, width: number): Promise<string> {
  return withPage(html, width, async (page) => {
    await page.screenshot({ path: file, fullPage: true, animations: "disabled" });
    return file;
  });
}
