/** One sample of a family. */
export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** One metric with all its samples. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge";
  readonly samples: readonly Sample[];
}

export const contentType = "text/plain; version=0.0.4; charset=utf-8";

const escaped = (text: string, quote: boolean): string => {
  const plain = text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return quote ? plain.replaceAll('"', '\\"') : plain;
};

const number = (value: number): string => {
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
};

/** Prometheus's text format, in the order given; families without samples are left out. */
export function renderFamilies(families: readonly Family[]): string {
  const lines = families
    .filter(({ samples }) => samples.length > 0)
    .flatMap(({ name, help, type, samples }) => [
      `# HELP ${name} ${escaped(help, false)}`,
      `# TYPE ${name} ${type}`,
      ...samples.map(({ labels = {}, value }) => {
        const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text, true)}"`);
        return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${number(value)}`;
      }),
    ]);
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}
