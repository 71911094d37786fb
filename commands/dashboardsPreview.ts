/**
 * `npm run dashboards:preview`: every dashboard as it would be opened now, evaluated against a hub's Prometheus and
 * drawn as one page that needs no network, with pictures where asked. What is drawn is the built dashboard itself.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { parseArgs } from "node:util";
import { takePictures } from "./preview/png";
import { preview } from "./preview/preview";
import { endpoint, Prometheus } from "./preview/prometheus";
import { page } from "./preview/render/page";
import { selectorReport } from "./preview/report";
import { emptyOnes } from "./preview/selectors";

const USAGE =
  "npm run dashboards:preview -- --prometheus URL [--http-config FILE] --out DIR [--png] [--time RFC3339] [--window DURATION] [--scrape-interval SECONDS] [--dashboard UID ...]";

interface Options {
  readonly prometheus: string;
  readonly httpConfig?: string;
  readonly out: string;
  readonly png: boolean;
  readonly now: number;
  readonly scrapeInterval: number;
  /** Length of the window, such as 30m; default: each dashboard's own. */
  readonly window?: string;
  readonly only?: readonly string[];
}

/** Options of a command line; throws with the usage where they make no sense. */
export function previewOptions(args: readonly string[], now: number): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      prometheus: { type: "string" },
      "http-config": { type: "string" },
      out: { type: "string" },
      png: { type: "boolean", default: false },
      time: { type: "string" },
      window: { type: "string" },
      "scrape-interval": { type: "string", default: "30" },
      dashboard: { type: "string", multiple: true },
    },
  });
  const { prometheus, out, time, window, dashboard, png } = values;
  const at = time === undefined ? now : Date.parse(time);
  const scrapeInterval = Number(values["scrape-interval"]) * 1000;
  if (prometheus === undefined || out === undefined) throw new Error(`usage: ${USAGE}`);
  if (Number.isNaN(at))
    throw new Error(`--time "${time ?? ""}" is no moment; write it as 2026-01-31T12:00:00Z`);
  if (window !== undefined && !/^\d+[smhdw]$/.test(window))
    throw new Error(`--window "${window}" is no duration; write a number and a unit such as 30m`);
  if (!(scrapeInterval >= 1000)) throw new Error("--scrape-interval must be 1 second or more");
  return {
    prometheus,
    out,
    png,
    now: at,
    scrapeInterval,
    ...(values["http-config"] === undefined ? {} : { httpConfig: values["http-config"] }),
    ...(window === undefined ? {} : { window }),
    ...(dashboard === undefined ? {} : { only: dashboard }),
  };
}

/** Returns the exit code: 0 where no selector is empty that may not be, else 1. */
async function main(args: readonly string[]): Promise<number> {
  const { prometheus: url, httpConfig, out, png, ...how } = previewOptions(args, Date.now());
  const prometheus = new Prometheus(endpoint(url, httpConfig));
  try {
    const { dashboards, selectors } = await preview({ prometheus, ...how });
    fs.mkdirSync(out, { recursive: true });
    const html = path.join(out, "index.html");
    fs.writeFileSync(html, page(dashboards));
    fs.writeFileSync(path.join(out, "selectors.json"), `${JSON.stringify(selectors, null, 1)}\n`);
    console.log(selectorReport(selectors));
    console.log(html);
    const uids = dashboards.map(({ dashboard }) => dashboard.uid);
    if (png) for (const file of await takePictures(html, uids, out)) console.log(file);
    return emptyOnes(selectors).length === 0 ? 0 : 1;
  } finally {
    prometheus.close();
  }
}

if (require.main === module) {
  main(process.argv.slice(2)).then(
    (code) => {
      process.exitCode = code;
    },
    (error: unknown) => {
      console.error(error instanceof Error ? error.message : error);
      process.exitCode = 2;
    },
  );
}
