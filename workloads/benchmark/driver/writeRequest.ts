/**
 * The part of remote write's protobuf (prometheus.WriteRequest, version 1) that it takes to leave series out: messages are
 * walked, never built anew, so that what stays is byte for byte what was sent.
 */

/** One field of a message: its number, where it begins with its tag, and its content where it has a length. */
interface Field {
  readonly number: number;
  readonly from: number;
  readonly to: number;
  readonly content?: Buffer;
}

/** Something that is no protobuf message. */
export class ProtobufError extends Error {
  override readonly name = "ProtobufError";
}

/** A varint at `at`: its value, and where it ends. Lengths and tags are far below 2^53. */
function varint(bytes: Buffer, at: number): readonly [value: number, end: number] {
  let value = 0;
  for (let index = 0; index < 10; index++) {
    const byte = bytes[at + index];
    if (byte === undefined) break;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return [value, at + index + 1];
  }
  throw new ProtobufError(`no number at byte ${at}`);
}

const FIXED: Readonly<Record<number, number>> = { 1: 8, 5: 4 };

function* fieldsOf(bytes: Buffer): Generator<Field> {
  for (let from = 0; from < bytes.length;) {
    const [tag, start] = varint(bytes, from);
    const [number, type] = [Math.floor(tag / 8), tag % 8];
    let field: Field;
    if (type === 0) field = { number, from, to: varint(bytes, start)[1] };
    else if (type === 2) {
      const [length, begin] = varint(bytes, start);
      field = { number, from, to: begin + length, content: bytes.subarray(begin, begin + length) };
    } else {
      const length = FIXED[type];
      if (length === undefined) throw new ProtobufError(`wire type ${type} at byte ${from}`);
      field = { number, from, to: start + length };
    }
    if (field.to > bytes.length) throw new ProtobufError(`field ${number} ends after the message`);
    yield field;
    from = field.to;
  }
}

const textOf = (message: Buffer, number: number): string | undefined => {
  for (const field of fieldsOf(message)) if (field.number === number) return field.content?.toString("utf8");
  return undefined;
};

// of the message definitions: WriteRequest.timeseries, TimeSeries.labels, Label.name and Label.value
const [TIMESERIES, LABELS, NAME, VALUE] = [1, 1, 1, 2];

/** Name of a series' metric. */
function metricOf(series: Buffer): string | undefined {
  for (const { number, content } of fieldsOf(series))
    if (number === LABELS && content !== undefined && textOf(content, NAME) === "__name__")
      return textOf(content, VALUE);
  return undefined;
}

/** A request without some of its series. */
export interface Filtered {
  readonly request: Buffer;
  /** Series that are left. */
  readonly series: number;
}

/**
 * Leaves out the series whose metric's name is not kept.
 *
 * @throws ProtobufError for bytes that are no WriteRequest
 */
export function keepSeries(request: Buffer, kept: (metric: string) => boolean): Filtered {
  const parts: Buffer[] = [];
  let series = 0;
  for (const { number, from, to, content } of fieldsOf(request)) {
    if (number === TIMESERIES && content !== undefined) {
      if (!kept(metricOf(content) ?? "")) continue;
      series++;
    }
    parts.push(request.subarray(from, to));
  }
  return { request: Buffer.concat(parts), series };
}
