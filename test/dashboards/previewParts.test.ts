import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { previewOptions } from "../../commands/dashboardsPreview";
import { format } from "../../commands/preview/format";
import { interpolate, interpolateText } from "../../commands/preview/interpolate";
import { endpoint } from "../../commands/preview/prometheus";
import { lineStep } from "../../commands/preview/render/steps";
import { selectorTexts } from "../../commands/preview/selectors";
import { aligned, builtIn, stepOf, windowAt } from "../../commands/preview/window";
import { formats } from "../../dashboards/kit/units";

describe("values are written", () => {
  it.each([
    [0, "short", undefined, "0"],
    [1234, "short", undefined, "1.23 K"],
    [999, "short", undefined, "999"],
    [27_136, "short", undefined, "27.1 K"],
    [0.4567, "percentunit", undefined, "45.7%"],
    [0.00019, "percentunit", undefined, "0.019%"],
    [87.5, "percent", undefined, "87.5%"],
    [1536, "bytes", undefined, "1.5 KiB"],
    [-7.96 * 1024 ** 3, "binBps", undefined, "-7.96 GiB/s"],
    [0.042, "s", undefined, "42 ms"],
    [0.0000042, "s", undefined, "4.2 µs"],
    [95, "s", undefined, "1.58 min"],
    [7200, "s", undefined, "2 h"],
    [200_000, "s", undefined, "2.31 d"],
    [62_200, "watt", undefined, "62.2 kW"],
    [70.6, "celsius", 0, "71 °C"],
    [57.6, "suffix:/h", 2, "57.60/h"],
    [14_813, "count:/s", undefined, "14.8 K/s"],
    [0.0812, "count:/s", undefined, "0.0812/s"],
    [1_767_225_600_000, "dateTimeAsIso", undefined, "2026-01-01 00:00:00"],
    [Infinity, "s", undefined, "∞"],
  ])("%d as %s (%s): %s", (value, id, decimals, text) => {
    expect(format(value, id, decimals)).toBe(text);
  });

  it("in every format that a unit of the contract has", () => {
    for (const { id, decimals } of Object.values(formats)) expect(format(1, id, decimals)).not.toBe("");
  });

  it("in no format that is not known", () => {
    expect(() => format(1, "furlongs")).toThrow('the format "furlongs" is not known; add it to format.ts');
  });
});

describe("variables", () => {
  const values = { cluster: ".+", model: ["a.b", "c"], one: ["only"], __range: "6h" };

  it("become a value, or a regular expression of many", () => {
    expect(interpolate('x{cluster=~"$cluster",model=~"${model}",y="$one"}[$__range]', values)).toBe(
      'x{cluster=~".+",model=~"(a\\\\.b|c)",y="only"}[6h]',
    );
    expect(interpolateText("Models $model", values)).toBe("Models a.b + c");
  });

  it("that are unknown are refused", () => {
    expect(() => interpolate("x[$__rate_interval]", values)).toThrow(
      "x[$__rate_interval]: the variable $__rate_interval is not known here",
    );
    expect(() => interpolate("x{y=~'${model:csv}'}", values)).toThrow(
      "the format of ${model:csv} is not understood",
    );
  });
});

describe("the window", () => {
  const window = windowAt(1_767_225_612_345, { from: "now-6h", to: "now" });

  it("is the dashboard's own, with steps that fit the graph", () => {
    expect(window).toEqual({ from: 1_767_204_012_345, to: 1_767_225_612_345 });
    expect(stepOf(window, 720, 30_000)).toBe(30_000);
    expect(stepOf(window, 240, 30_000)).toBe(120_000);
    expect(stepOf(window, 720, 60_000)).toBe(60_000);
    expect(aligned(window, 60_000)).toEqual({ from: 1_767_204_000_000, to: 1_767_225_600_000 });
  });

  it("gives rates four scrapes at least", () => {
    const rate = (step: number) => builtIn(window, step, 30_000).__rate_interval;
    expect(rate(30_000)).toBe("120s");
    expect(rate(300_000)).toBe("330s");
    expect(builtIn(window, 60_000, 30_000)).toMatchObject({
      __range: "21600s",
      __from: "1767204012345",
      __interval: "60s",
    });
  });

  it("is refused where it is no relative time", () => {
    expect(() => windowAt(0, { from: "yesterday", to: "now" })).toThrow('time "yesterday" is not understood');
  });
});

describe("lines of an axis", () => {
  it.each([
    [1000, 4, "s", 300],
    [0.4, 4, "s", 0.1],
    [100, 5, "short", 20],
    [8 * 1024 ** 3, 4, "bytes", 2 * 1024 ** 3],
    [7, 3, "none", 2.5],
  ])("up to %d in about %d of %s: every %d", (most, lines, id, step) => {
    expect(lineStep(most, lines, id)).toBeCloseTo(step, 9);
  });
});

describe("selectors of an expression", () => {
  it("are each asked once, with their range where they have one", () => {
    expect(
      selectorTexts(
        'sum by (a) (x{b="1"}) / on (a) (x{b="1"} > 0) + avg_over_time((sum(y))[6h:2m] @ end()) - rate(z{c="2"}[5m] offset 1h)',
      ),
    ).toEqual(['z{c="2"}[5m]', 'x{b="1"}', "y"]);
  });
});

describe("the endpoint", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "federation-endpoint-"));
  const file = (name: string, text: string): string => {
    const at = path.join(folder, name);
    fs.writeFileSync(at, text);
    return at;
  };
  afterAll(() => fs.rmSync(folder, { recursive: true }));

  it("is read from promtool's HTTP client file, passwords and CA by file or not", () => {
    const ca = file("ca.crt", "PEM");
    const password = file("password", "secret\n");
    const config = file(
      "http.yml",
      `basic_auth: {username: me, password_file: ${password}}\ntls_config: {ca_file: ${ca}, server_name: hub}\n`,
    );
    expect(endpoint("https://hub:9090", config)).toEqual({
      url: "https://hub:9090",
      auth: "me:secret",
      ca: "PEM",
      serverName: "hub",
    });
    expect(endpoint("http://hub:9090")).toEqual({ url: "http://hub:9090" });
  });

  it("is refused with what is wrong", () => {
    expect(() => endpoint("hub:9090")).toThrow('--prometheus "hub:9090" is no http or https URL');
    const config = file("oauth.yml", "oauth2: {}\n");
    expect(() => endpoint("https://hub", config)).toThrow(
      "oauth2 is not understood; use basic_auth and tls_config",
    );
  });
});

describe("options", () => {
  it("say what is asked, or how to ask", () => {
    expect(previewOptions(["--prometheus", "http://x", "--out", "here", "--png"], 7)).toEqual({
      prometheus: "http://x",
      out: "here",
      png: true,
      now: 7,
      scrapeInterval: 30_000,
    });
    const more = [
      "--http-config",
      "f",
      "--time",
      "2026-01-01T00:00:00Z",
      "--scrape-interval",
      "15",
      "--window",
      "30m",
      "--dashboard",
      "a",
    ];
    expect(previewOptions(["--prometheus", "http://x", "--out", "here", ...more], 7)).toEqual({
      prometheus: "http://x",
      httpConfig: "f",
      out: "here",
      png: false,
      now: 1_767_225_600_000,
      scrapeInterval: 15_000,
      window: "30m",
      only: ["a"],
    });
    expect(() => previewOptions([], 7)).toThrow("usage: npm run dashboards:preview");
    expect(() => previewOptions(["--prometheus", "x", "--out", "y", "--time", "soon"], 7)).toThrow(
      '--time "soon"',
    );
    expect(() => previewOptions(["--prometheus", "x", "--out", "y", "--window", "half an hour"], 7)).toThrow(
      '--window "half an hour" is no duration',
    );
    expect(() => previewOptions(["--prometheus", "x", "--out", "y", "--scrape-interval", "0"], 7)).toThrow(
      "--scrape-interval must be 1 second or more",
    );
  });
});
