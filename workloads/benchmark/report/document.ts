import type { Judgement } from "../analysis/judge";
import type { Gain } from "../analysis/recommend/types";
import { NO_CHAMPION } from "../analysis/regression";
import { counted, digits, duration, money, percent, rate } from "../format";
import type { Result } from "../result";
import { cell, cells, chart } from "./blocks";
import type { Cell, Section } from "./blocks";
import { costChart } from "./costChart";
import { latency, scaling, starts } from "./measured";
import { served } from "./served";

/** A report, before it is Markdown or HTML. */
export interface Document {
  readonly title: string;
  readonly verdict: Cell;
  readonly simulated: boolean;
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly sections: readonly Section[];
}

function targets({ verdicts, notes, hold }: Judgement): Section {
  const rows = verdicts.map(({ title, state, limit, measured, reasons }) => [
    cell(title),
    cell(limit),
    cell(measured ?? "not measured"),
    cell(state, state),
    cell(reasons.map(({ text }) => text).join("; ")),
  ]);
  return {
    id: "targets",
    title: "Targets",
    blocks: [
      { kind: "table", head: ["Target", "Limit", "Measured", "Verdict", "Why"], rows },
      ...(notes.length > 0 ? [{ kind: "list", items: notes } as const] : []),
      hold.length === 0
        ? { kind: "text", text: "The alias champion may move to this version." }
        : { kind: "text", text: `The alias champion stays where it is: ${hold.join("; ")}.` },
    ],
  };
}

/** Figures are written by their names' last word. */
const written = (figure: Gain["figure"], value: number, currency: string): string => {
  if (figure.endsWith("Seconds")) return duration(value);
  if (figure.startsWith("cost") || figure.startsWith("usedCost")) return money(value, currency);
  if (figure.startsWith("knee")) return rate(value);
  return figure.startsWith("joules") ? `${digits(value)} J` : percent(value);
};

const figureNames: Readonly<Record<Gain["figure"], string>> = {
  warmP50Seconds: "P50",
  warmP95Seconds: "P95",
  warmP99Seconds: "P99",
  kneeRate: "rate at the knee",
  kneeRatePerGpu: "rate per GPU at the knee",
  coldStartSeconds: "cold start",
  autoscalingSeconds: "autoscaling",
  gpuUtilisation: "GPU utilisation",
  warmGpuUtilisation: "GPU utilisation at the warm rate",
  costPer1000Requests: "cost of 1,000 requests",
  costPerMillionTokens: "cost of a million tokens",
  usedCostPer1000Requests: "used cost of 1,000 requests",
  usedCostPerMillionTokens: "used cost of a million tokens",
  joulesPer1000Requests: "energy of 1,000 requests",
  errorRatio: "failed requests",
  wrongAnswerRatio: "wrong answers",
};

function recommendations({ recommendations: all }: Judgement, currency: string): Section {
  const rows = all.map(({ id, title, because, change, gain }, index) => {
    const { figure, now, low, high } = gain;
    const range = [low, high].map((value) => written(figure, value, currency));
    const from = change.from === undefined ? "" : ` from ${String(change.from)}`;
    return cells(
      String(index + 1),
      `${title} (${id})`,
      `${because.metric}: ${because.text}`,
      `${change.setting}${from} to ${String(change.to)}`,
      `${figureNames[figure]} ${written(figure, now, currency)} -> ${range[0] === range[1] ? (range[0] ?? "") : range.join(" to ")}`,
    );
  });
  return {
    id: "recommendations",
    title: "Recommendations",
    blocks:
      rows.length === 0
        ? [{ kind: "text", text: "Nothing that was measured asks for a change." }]
        : [
            { kind: "table", head: ["#", "What", "Because", "Setting", "Expected"], rows },
            { kind: "text", text: "Each is explained under its name in docs/optimization.md." },
          ],
  };
}

function costs({ costs: rows, gpus }: Judgement, { currency }: Result["target"]): readonly Section[] {
  if (rows.length === 0 && gpus === undefined) return [];
  const optional = (value: number | undefined): string =>
    value === undefined ? "not measured" : money(value, currency);
  const table = rows.map((row) =>
    row.state === "not measured"
      ? cells(row.gpuType, money(row.pricePerGpuHour, currency), ...Array<string>(6).fill("not measured"))
      : cells(
          row.simulated ? `${row.gpuType} (simulated)` : row.gpuType,
          row.pricePerGpuHour === undefined ? "no price" : money(row.pricePerGpuHour, currency),
          rate(row.kneeRatePerGpu),
          money(row.cost.per1000Requests, currency),
          optional(row.cost.usedPer1000Requests),
          optional(row.cost.perMillionTokens),
          optional(row.cost.usedPerMillionTokens),
          row.joulesPer1000Requests === undefined ? "not measured" : `${digits(row.joulesPer1000Requests)} J`,
        ),
  );
  const use =
    gpus?.utilisation === undefined
      ? []
      : [
          {
            kind: "text",
            text: `${counted(gpus.gpus, gpus.simulated ? "simulated GPU" : "GPU")}: busy ${percent(gpus.utilisation)} of the window${gpus.engineActive === undefined ? "" : `, graphics engine active ${percent(gpus.engineActive)}`}.`,
          } as const,
        ];
  return [
    {
      id: "cost",
      title: "GPUs and cost at the knee",
      blocks: [
        ...use,
        ...chart(costChart(rows, currency)),
        ...(rows.length === 0
          ? []
          : [
              {
                kind: "table",
                head: [
                  "GPU type",
                  "GPU hour",
                  "Rate per GPU",
                  "1,000 requests",
                  "of it used",
                  "Million tokens",
                  "of it used",
                  "Energy of 1,000",
                ],
                rows: table,
              } as const,
              {
                kind: "text",
                text: "Allocated: all GPUs that serving holds. Used: the part of it that the GPUs were busy. Tokens: output tokens, or those of the prompt where answers have none.",
              } as const,
            ]),
      ],
    },
  ];
}

function regression({ comparisons, drifts }: Judgement): readonly Section[] {
  if (comparisons.length === 0) return [];
  if (
    comparisons.every(({ text }) => text === NO_CHAMPION) &&
    drifts.every(({ version }) => version === undefined)
  )
    return [
      {
        id: "regression",
        title: "Against the champion",
        blocks: [{ kind: "text", text: "No champion has run under the same conditions." }],
      },
    ];
  const states = {
    regression: "fail",
    none: "pass",
    improved: "pass",
    inconclusive: "invalid",
    drift: "fail",
  } as const;
  return [
    {
      id: "regression",
      title: "Against the champion",
      blocks: [
        {
          kind: "table",
          head: ["Figure", "State", "Why"],
          rows: [
            ...comparisons.map(({ figure, state, text }) => [
              cell(figureNames[figure]),
              cell(state === "none" ? "no regression" : state, states[state]),
              cell(text),
            ]),
            ...drifts.map(({ figure, state, text }) => [
              cell(`${figureNames[figure]}, over versions`),
              cell(state === "none" ? "no drift" : state, states[state]),
              cell(text),
            ]),
          ],
        },
      ],
    },
  ];
}

/** A report of a judged result. */
export function documentOf(result: Result, judgement: Judgement): Document {
  const { target, run, startedAt, endedAt, asked, tools } = result;
  const { corpus } = target;
  const length = [
    corpus.promptTokens === undefined ? undefined : `prompt ${corpus.promptTokens}`,
    corpus.outputTokens === undefined ? undefined : `output ${corpus.outputTokens}`,
  ].filter((text) => text !== undefined);
  return {
    title: `${target.model} version ${target.version} on ${target.cluster}`,
    verdict: cell(judgement.verdict, judgement.verdict),
    simulated: judgement.simulated,
    facts: [
      ["Run", run],
      ["Time", `${startedAt} to ${endedAt}`],
      ["Endpoint", `${target.url} (${target.protocol})`],
      [
        "Requests",
        `${corpus.name}: ${corpus.distinctRequests} distinct${length.length > 0 ? `, tokens: ${length.join(", ")}` : ""}`,
      ],
      [
        "Hardware",
        target.gpuType === undefined
          ? "no GPU"
          : `${target.gpuType}, ${counted(target.gpusPerReplica, "GPU")} a replica`,
      ],
      ["Scenarios", asked.join(", ")],
      ...(Object.keys(tools).length > 0
        ? [
            [
              "Tools",
              Object.entries(tools)
                .map(([tool, version]) => `${tool} ${version}`)
                .sort()
                .join(", "),
            ] as const,
          ]
        : []),
    ],
    sections: [
      targets(judgement),
      recommendations(judgement, target.currency),
      ...latency(judgement, result),
      ...served(judgement, result),
      ...starts(result),
      ...scaling(result),
      ...costs(judgement, target),
      ...regression(judgement),
    ],
  };
}
