/** Distances of an axis's lines that read well: seconds and bytes are not counted in tens. */
const SECONDS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400,
];

function decimal(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough * 0.999) ?? 10) * power;
}

function binary(rough: number): number {
  const power = 1024 ** Math.max(0, Math.floor(Math.log(rough) / Math.log(1024)));
  const factors = [1, 2, 4, 5, 8, 10, 16, 20, 32, 50, 64, 100, 128, 200, 256, 512, 1024];
  return (factors.find((factor) => factor * power >= rough * 0.999) ?? 1024) * power;
}

/** The distance of lines for about `lines` of them up to `most`, in values of a format. */
export function lineStep(most: number, lines: number, format = "none"): number {
  const rough = most / lines;
  switch (format) {
    case "s":
      return rough < 1 ? decimal(rough) : (SECONDS.find((step) => step >= rough * 0.999) ?? decimal(rough));
    case "bytes":
    case "binBps":
      return binary(rough);
    default:
      return decimal(rough);
  }
}
