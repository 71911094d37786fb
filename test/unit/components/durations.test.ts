import { durationMs, scrapeTimeout } from "../../../components/monitoring/durations";

describe("durations", () => {
  it("are read with all their units", () => {
    expect([durationMs("500ms"), durationMs("15s"), durationMs("1m30s"), durationMs("15d")]).toEqual([
      500, 15_000, 90_000, 1_296_000_000,
    ]);
    expect(() => durationMs("15")).toThrow('"15" is no duration');
  });

  it("give a timeout below the interval", () => {
    expect(["1m", "15s", "10s", "5s"].map(scrapeTimeout)).toEqual(["10s", "10s", "8000ms", "4000ms"]);
  });
});
