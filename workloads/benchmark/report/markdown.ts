import type { Block, Cell } from "./blocks";
import type { Document } from "./document";

/** Text that Markdown takes as it is, also within a table. */
const plain = (text: string): string => text.replaceAll(/([\\|*_`<[\]])/g, "\\$1").replaceAll("\n", " ");

const bold = ({ text, state }: Cell): string => (state === undefined ? plain(text) : `**${plain(text)}**`);

const row = (texts: readonly string[]): string => `| ${texts.join(" | ")} |`;

function blockText(block: Block): string {
  switch (block.kind) {
    case "text":
      return plain(block.text);
    case "list":
      return block.items.map((item) => `- ${plain(item)}`).join("\n");
    case "table":
      return [
        row(block.head.map(plain)),
        row(block.head.map(() => "---")),
        ...block.rows.map((cells) => row(cells.map(bold))),
      ].join("\n");
    case "chart":
      return "";
  }
}

/** A report as Markdown: everything but the graphs. */
export function markdown({ title, verdict, simulated, facts, sections }: Document): string {
  const parts = [
    `# ${plain(title)}: ${verdict.text}`,
    ...(simulated
      ? [
          "> **Simulated.** Stand-ins served these requests: the figures show that the instrument works, not what the hardware can do.",
        ]
      : []),
    facts.map(([name, value]) => `- ${name}: ${plain(value)}`).join("\n"),
    ...sections.flatMap(({ title: heading, blocks }) => [
      `## ${heading}${simulated ? " (simulated)" : ""}`,
      ...blocks.map(blockText).filter((text) => text !== ""),
    ]),
  ];
  return `${parts.join("\n\n")}\n`;
}
