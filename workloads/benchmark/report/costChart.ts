import type { CostRow } from "../analysis/cost";
import { money } from "../format";
import { INK, lineFrom, linearTicks, rect, svg, textAt } from "./svg";

const WIDTH = 980;
const LEFT = 200;
const RIGHT = 150;
const ROW = 58;
const TOP = 30;

/** Cost of 1,000 requests at the knee by GPU type, allocated and used. Undefined where no type was measured. */
export function costChart(costs: readonly CostRow[], currency: string): string | undefined {
  const measured = costs.flatMap((row) => (row.state === "measured" ? [row.cost.per1000Requests] : []));
  if (measured.length === 0) return undefined;
  const ticks = linearTicks(Math.max(...measured), 6);
  const top = ticks.at(-1) ?? 1;
  const bottom = TOP + costs.length * ROW;
  const x = (value: number): number => LEFT + (value / top) * (WIDTH - LEFT - RIGHT);
  const rows = costs.flatMap((row, index) => {
    const y = TOP + index * ROW;
    const name = textAt(LEFT - 12, y + 26, row.gpuType, {
      anchor: "end",
      colour: INK.text,
      size: 13,
      bold: true,
    });
    if (row.state === "not measured")
      return [name, textAt(LEFT + 8, y + 26, "not measured", { size: 12, colour: INK.invalid })];
    const { per1000Requests, usedPer1000Requests } = row.cost;
    return [
      name,
      ...(row.simulated
        ? [textAt(LEFT - 12, y + 41, "simulated", { anchor: "end", colour: INK.invalid, bold: true })]
        : []),
      rect(LEFT, y + 7, x(per1000Requests) - LEFT, 18, INK.blue),
      textAt(x(per1000Requests) + 6, y + 21, money(per1000Requests, currency), {
        colour: INK.text,
        size: 12,
      }),
      ...(usedPer1000Requests === undefined
        ? [textAt(LEFT + 8, y + 43, "use not measured", { colour: INK.invalid })]
        : [
            rect(LEFT, y + 29, x(usedPer1000Requests) - LEFT, 18, INK.pale),
            textAt(x(usedPer1000Requests) + 6, y + 43, money(usedPer1000Requests, currency), {
              colour: INK.text,
              size: 12,
            }),
          ]),
    ];
  });
  return svg(WIDTH, bottom + 44, "Cost of 1,000 requests at the knee by GPU type", [
    ...ticks.flatMap((tick) => [
      lineFrom([x(tick), TOP], [x(tick), bottom], { colour: INK.grid }),
      textAt(x(tick), bottom + 16, money(tick, currency), { anchor: "middle" }),
    ]),
    ...rows,
    rect(LEFT, 6, 12, 12, INK.blue),
    textAt(LEFT + 18, 16, "allocated"),
    rect(LEFT + 96, 6, 12, 12, INK.pale),
    textAt(LEFT + 114, 16, "used"),
    textAt((LEFT + WIDTH - RIGHT) / 2, bottom + 36, "per 1,000 requests at the knee", { anchor: "middle" }),
  ]);
}
