import * as path from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
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

/** Takes a picture of each dashboard of a page: `<folder>/<uid>.png`. Returns the files. */
export async function takePictures(
  html: string,
  uids: readonly string[],
  folder: string,
): Promise<readonly string[]> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS }).catch((error: unknown) => {
    const said = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new Error(
      `${CHROMIUM} does not start: ${said}; install Debian's chromium, or set CHROMIUM to a binary`,
    );
  });
  try {
    const page = await browser.newPage({
      viewport: { width: PAGE_WIDTH, height: 1000 },
      colorScheme: "light",
    });
    await page.goto(pathToFileURL(html).href);
    const files: string[] = [];
    for (const uid of uids) {
      const file = path.join(folder, `${uid}.png`);
      await page.locator(`#${uid}`).screenshot({ path: file, animations: "disabled" });
      files.push(file);
    }
    return files;
  } finally {
    await browser.close();
  }
}
