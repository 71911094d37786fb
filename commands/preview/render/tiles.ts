import { last } from "../evaluate";
import type { Evaluated, Series } from "../evaluate";
import { fieldOf, show } from "../field";
import { escapeHtml, textWidth } from "./html";
import type { Size } from "./html";

interface StatOptions {
  readonly orientation: string;
  readonly graphMode: string;
  readonly colorMode: string;
}

/** The course of a value, faint behind it. */
function spark({ points }: Series, colour: string, { width, height }: Size): string {
  const known = points.filter((point): point is readonly [number, number] =>
    Number.isFinite(point[1] ?? NaN),
  );
  const [first, final] = [known[0], known.at(-1)];
  if (first === undefined || final === undefined || known.length < 2) return "";
  const values = known.map(([, value]) => value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const x = (time: number): number => ((time - first[0]) / (final[0] - first[0])) * width;
  const y = (value: number): number => height - 2 - ((value - low) / (high - low || 1)) * (height - 6);
  const path = known.map(([time, value]) => `${x(time).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
  return `<svg class="spark" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"><polyline points="0,${height} ${path} ${width},${height}" fill="${colour}" fill-opacity="0.12" stroke="none"/><polyline points="${path}" fill="none" stroke="${colour}" stroke-opacity="0.5" stroke-width="1.5"/></svg>`;
}

/** Rows and columns that tiles are laid out in. */
function layout(count: number, { width, height }: Size, orientation: string): readonly [number, number] {
  if (orientation === "horizontal") return [count, 1];
  const columns = Math.max(1, Math.min(count, Math.round(Math.sqrt((count * width) / (height * 2.2)))));
  return [Math.ceil(count / columns), columns];
}

const GAP = 4;

/** The last value of each series, big. */
export function tiles(evaluated: Evaluated, size: Size): string {
  const { panel, series } = evaluated;
  const { orientation, graphMode, colorMode } = panel.options as StatOptions;
  const [rows, columns] = layout(series.length, size, orientation);
  const tile = {
    width: Math.floor((size.width - GAP * (columns - 1)) / columns),
    height: Math.floor((size.height - GAP * (rows - 1)) / rows),
  };
  const shown = series.map((one) => {
    const value = last(one);
    return { one, ...(value === undefined ? { text: "no data" } : show(fieldOf(panel, one.name), value)) };
  });
  const longest = Math.max(...shown.map(({ text }) => textWidth(text, 1.12)));
  const fontSize = Math.floor(Math.min(34, tile.height * 0.42, (tile.width - 20) / longest));
  const nameSize = Math.max(10, Math.min(13, tile.height * 0.2));
  const html = shown.map(({ one, text, colour = "#37474F" }) => {
    const filled = colorMode === "background";
    const style = filled ? `background:${colour};color:#fff` : "";
    const graph =
      graphMode === "area" ? spark(one, colour, { width: tile.width, height: tile.height * 0.36 }) : "";
    return (
      `<div class="tile${graphMode === "area" && rows === 1 ? " graph" : ""}" style="width:${tile.width}px;height:${tile.height}px;${style}">${graph}` +
      `<span class="name" style="font-size:${nameSize}px">${escapeHtml(one.name)}</span>` +
      `<span class="value" style="font-size:${fontSize}px;${filled ? "" : `color:${colour}`}">${escapeHtml(text)}</span></div>`
    );
  });
  return `<div class="tiles">${html.join("")}</div>`;
}

const BAR_ROW = 28;

/** The last value of each series as a bar. */
export function bars(evaluated: Evaluated, size: Size): string {
  const { panel, series } = evaluated;
  const values = series.map((one) => ({ one, value: last(one) ?? NaN, field: fieldOf(panel, one.name) }));
  const highest = Math.max(...values.map(({ value }) => value).filter(Number.isFinite), 0);
  const room = Math.max(1, Math.floor((size.height - 18) / BAR_ROW));
  const kept = values.length > room ? values.slice(0, room - 1) : values;
  const names = Math.min(size.width * 0.4, Math.max(...kept.map(({ one }) => textWidth(one.name, 12))) + 12);
  const row = Math.min(48, (size.height - (kept.length < values.length ? 18 : 0)) / Math.max(1, kept.length));
  const figures = Math.max(...kept.map(({ value, field }) => textWidth(show(field, value).text, 12.5))) + 10;
  const html = kept.map(({ one, value, field }) => {
    const { text, colour = "#37474F" } = show(field, value);
    const part = Math.min(1, Math.max(0, value / (field.max ?? (highest || 1))));
    return (
      `<div class="bar" style="height:${row}px"><span class="label" style="width:${names}px">${escapeHtml(one.name)}</span>` +
      `<span class="track"><i style="width:${(part * 100).toFixed(1)}%;background:${colour}"></i></span>` +
      `<span class="figure" style="width:${figures}px;color:${colour}">${escapeHtml(text)}</span></div>`
    );
  });
  const left = values.length - kept.length;
  return `${html.join("")}${left > 0 ? `<div class="more">+ ${left} more</div>` : ""}`;
}
