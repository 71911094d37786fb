import type { Block, Cell } from "./blocks";
import type { Document } from "./document";
import { escapeXml, FONT, INK } from "./svg";

export const PAGE_WIDTH = 1080;

const STYLE = `
*{box-sizing:border-box}
body{margin:0;background:#F1F3F5;color:${INK.text};font:13px/1.45 ${FONT}}
main{width:${PAGE_WIDTH}px;margin:0 auto;padding:20px}
header{display:flex;align-items:center;gap:14px;margin-bottom:12px}
h1{margin:0;font-size:22px}
h2{margin:0 0 10px;font-size:16px}
section{background:#fff;border:1px solid #D9DDE3;border-radius:4px;padding:14px 18px;margin-bottom:12px}
dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 14px;margin:0}
dt{color:${INK.quiet}}
dd{margin:0}
p{margin:8px 0}
ul{margin:8px 0;padding-left:18px}
table{width:100%;border-collapse:collapse;margin:8px 0;font-variant-numeric:tabular-nums}
th{text-align:left;color:${INK.quiet};font-weight:600;border-bottom:1px solid ${INK.line};padding:4px 8px 4px 0;vertical-align:bottom}
td{border-bottom:1px solid #ECEFF2;padding:4px 8px 4px 0;vertical-align:top}
svg{display:block;max-width:100%;height:auto;margin:6px 0}
.pill{display:inline-block;border-radius:3px;color:#fff;font-weight:600;padding:0 8px;white-space:nowrap}
h1+.pill{font-size:16px;padding:2px 12px}
.pass{background:${INK.pass}}
.fail{background:${INK.fail}}
.invalid{background:${INK.invalid}}
.simulated{background:#FFF4E0;border:1px solid ${INK.invalid};border-radius:4px;padding:8px 14px;margin-bottom:12px}
`;

const pill = ({ text, state }: Cell): string =>
  state === undefined ? escapeXml(text) : `<span class="pill ${state}">${escapeXml(text)}</span>`;

function blockHtml(block: Block): string {
  switch (block.kind) {
    case "text":
      return `<p>${escapeXml(block.text)}</p>`;
    case "list":
      return `<ul>${block.items.map((item) => `<li>${escapeXml(item)}</li>`).join("")}</ul>`;
    case "table": {
      const head = block.head.map((text) => `<th>${escapeXml(text)}</th>`).join("");
      const rows = block.rows.map(
        (cells) => `<tr>${cells.map((one) => `<td>${pill(one)}</td>`).join("")}</tr>`,
      );
      return `<table><thead><tr>${head}</tr></thead><tbody>${rows.join("\n")}</tbody></table>`;
    }
    case "chart":
      return block.svg;
  }
}

/** A report as one page that needs nothing from anywhere: no script, no font, no picture. */
export function html({ title, verdict, simulated, facts, sections }: Document): string {
  const mark = simulated
    ? `<div class="simulated"><b>Simulated.</b> Stand-ins served these requests: the figures show that the instrument works, not what the hardware can do.</div>`
    : "";
  const described = facts.map(([name, value]) => `<dt>${escapeXml(name)}</dt><dd>${escapeXml(value)}</dd>`);
  const body = sections.map(
    ({ id, title: heading, blocks }) =>
      `<section id="${id}"><h2>${escapeXml(heading)}${simulated ? " (simulated)" : ""}</h2>\n${blocks.map(blockHtml).join("\n")}</section>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escapeXml(title)}: ${verdict.text}${simulated ? " (simulated)" : ""}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>${STYLE}</style></head>
<body><main><header><h1>${escapeXml(title)}</h1>${pill(verdict)}</header>
${mark}<section><dl>${described.join("\n")}</dl></section>
${body.join("\n")}</main></body></html>
`;
}
