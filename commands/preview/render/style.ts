import { FONT, INK } from "./html";

export interface Measures {
  readonly width: number;
  readonly margin: number;
  readonly gap: number;
  /** Height of a row of the grid. */
  readonly unit: number;
  /** Height of a panel's title. */
  readonly title: number;
  readonly padding: number;
}

/** The page's style sheet. */
export const style = ({ width, margin, gap, unit, title, padding }: Measures): string => `
*{box-sizing:border-box}
body{margin:0;background:#F1F3F5;color:${INK.text};font:13px/1.35 ${FONT}}
section{width:${width}px;margin:0 auto;padding:${margin}px;background:#F1F3F5}
header{display:grid;grid-template-columns:1fr auto;gap:6px 16px;align-items:center;margin-bottom:10px}
h1{margin:0;font-size:20px;font-weight:700}
h1 small{font-size:20px;font-weight:400;color:${INK.quiet}}
nav{display:flex;gap:6px}
nav a{padding:3px 9px;border:1px solid ${INK.line};border-radius:3px;background:#fff;color:${INK.text};text-decoration:none;font-size:12px}
.chips{grid-column:1/-1;display:flex;flex-wrap:wrap;gap:6px}
.chip{border:1px solid ${INK.line};border-radius:3px;background:#fff;font-size:12px;padding:3px 9px 3px 0}
.chip em{font-style:normal;color:${INK.quiet};border-right:1px solid ${INK.line};padding:3px 9px;margin-right:9px}
.mark{font-size:12px;padding:3px 4px;color:${INK.quiet}}
.mark i{display:inline-block;height:12px;vertical-align:-2px;margin-right:5px}
.grid{display:grid;grid-template-columns:repeat(24,1fr);grid-auto-rows:${unit}px;gap:${gap}px}
h2{grid-column:1/-1;margin:0;align-self:end;font-size:15px;font-weight:600;border-bottom:1px solid ${INK.line};padding-bottom:2px}
article{background:#fff;border:1px solid #D9DDE3;border-radius:4px;overflow:hidden;min-width:0}
h3{margin:0;height:${title}px;line-height:${title}px;padding:0 ${padding}px;font-size:13px;font-weight:600;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.body{padding:0 ${padding}px ${padding}px;position:relative}
.empty{display:flex;align-items:center;justify-content:center;height:60px;color:${INK.quiet};font-size:15px}
svg{display:block}
.legend{display:flex;flex-wrap:wrap;gap:0 14px;font-size:11px;line-height:17px;margin-top:4px}
.legend span{white-space:nowrap}
.legend i{display:inline-block;width:16px;height:0;vertical-align:middle;margin-right:5px}
.legend b{font-weight:600}
.more{color:${INK.quiet};font-size:11px;padding-top:4px}
.tiles{display:flex;flex-wrap:wrap;gap:4px}
.tile{position:relative;display:flex;flex-direction:column;justify-content:center;padding:2px 10px;border-radius:3px;background:#F7F8FA;overflow:hidden}
.tile .name{color:inherit;opacity:.85;line-height:1.25;white-space:nowrap}
.tile .value{font-weight:700;line-height:1.15;white-space:nowrap}
.tile.graph{justify-content:flex-start;padding-top:6px}
.tile .spark{position:absolute;left:0;bottom:0}
.bar{display:flex;align-items:center;gap:8px;font-size:12px}
.bar .label{text-align:right;white-space:nowrap;overflow:hidden;text-overflow:ellipsis;flex:none}
.track{flex:1;height:14px;background:#ECEFF2;border-radius:2px;overflow:hidden;min-width:24px}
.track i{display:block;height:100%}
.bar .figure{flex:none;font-weight:700;white-space:nowrap}
table{width:100%;border-collapse:collapse;font-size:12px;table-layout:fixed}
th{text-align:left;font-weight:600;color:${INK.quiet};padding:3px 6px;border-bottom:1px solid ${INK.line};height:27px;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
td{padding:2px 6px;border-bottom:1px solid #ECEFF2;height:27px;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
th.number,td.number{text-align:right;font-variant-numeric:tabular-nums}
td.none{color:${INK.quiet}}
td.gauge div{display:flex;align-items:center;gap:8px}
td.gauge div span:last-child{min-width:44px;text-align:right}
.pill{display:inline-block;border-radius:3px;color:#fff;font-weight:600;padding:1px 8px;vertical-align:middle;max-width:100%;overflow:hidden;text-overflow:ellipsis}
`;
