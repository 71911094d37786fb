import { FieldColorBuilder, ThresholdsConfigBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import { FieldColorModeId, MappingType, ThresholdsMode } from "@grafana/grafana-foundation-sdk/dashboard";
import type {
  FieldColor,
  Threshold as Step,
  ThresholdsConfig,
  ValueMapping,
} from "@grafana/grafana-foundation-sdk/dashboard";
import type { Threshold } from "../../metrics/thresholds";
import { STATE_COLOURS } from "./palette";
import type { StateColour } from "./palette";

/** Of some things there should be none. */
export const NONE: Threshold = { unit: "count", bad: "above", warning: 1, critical: 1 };

/** Limits of a value that may rightly be as high as they are: what is critical begins just above. */
export const beyond = (limits: Threshold): Threshold => ({
  ...limits,
  critical: limits.critical * (1 + Number.EPSILON),
});

/** A value that stands for a state: what is shown in its place. */
export interface State {
  readonly text: string;
  readonly colour: StateColour;
}

/** States by value, or by the text of a label. */
export type States = Readonly<Record<number | string, State>>;

/** The lowest value's colour, then each limit with the colour from there on. */
function steps(limits: Threshold | undefined, base: string = STATE_COLOURS.neutral): Step[] {
  if (limits === undefined) return [{ value: null, color: base }];
  const { good, warning, critical } = STATE_COLOURS;
  return limits.bad === "above"
    ? [
        { value: null, color: good },
        { value: limits.warning, color: warning },
        { value: limits.critical, color: critical },
      ]
    : [
        { value: null, color: critical },
        { value: limits.critical, color: warning },
        { value: limits.warning, color: good },
      ];
}

/** The limits as Grafana's thresholds. */
export const thresholds = (limits?: Threshold): ThresholdsConfigBuilder =>
  new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps(limits));

/** The same as plain data, for overrides. */
export const thresholdsValue = (limits?: Threshold): ThresholdsConfig => thresholds(limits).build();

/** Colour by thresholds. */
export const byThresholds = (): FieldColorBuilder =>
  new FieldColorBuilder().mode(FieldColorModeId.Thresholds);

/** One colour. */
export const fixed = (colour: string): FieldColor => ({ mode: FieldColorModeId.Fixed, fixedColor: colour });

/** The states as Grafana's value mappings. */
export function mappings(states: States): ValueMapping[] {
  const options = Object.fromEntries(
    Object.entries(states).map(([value, { text, colour }], index) => [
      value,
      { text, color: STATE_COLOURS[colour], index },
    ]),
  );
  return [{ type: MappingType.ValueToText, options }];
}
