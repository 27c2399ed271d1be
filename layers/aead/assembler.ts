// Assembles a WebAssembly module from functions that are written down as expressions (WebAssembly Core
// Specification 2.0, 5). Only the instructions that the ciphers here need.

/** Instructions as bytes: an expression leaves its value on the stack, a statement leaves nothing. */
export type Code = readonly number[];

type NumberType = "i32" | "i64" | "v128";

const typeCodes: Readonly<Record<NumberType, number>> = { i32: 0x7f, i64: 0x7e, v128: 0x7b };

function unsigned(value: number): number[] {
  const bytes: number[] = [];
  do {
    const rest = Math.floor(value / 128);
    bytes.push(value % 128 + (rest > 0 ? 128 : 0));
    value = rest;
  } while (value > 0);
  return bytes;
}

function signed(value: bigint): number[] {
  for (const bytes: number[] = [];;) {
    const low = Number(value & 0x7fn);
    value >>= 7n;
    const done = value === 0n && low < 64 || value === -1n && low >= 64;
    bytes.push(done ? low : low + 128);
    if (done) return bytes;
  }
}

const sized = (bytes: Code): number[] => [...unsigned(bytes.length), ...bytes];
const listed = (items: readonly Code[]): number[] => [...unsigned(items.length), ...items.flat()];

/** An instruction whose operands are the values of expressions. */
const instruction = (...code: Code) => (...operands: readonly Code[]): Code => [
  ...operands.flat(),
  ...code,
];

/** An instruction of the memory: at an address that is the value of an expression, and so many bytes
 * beyond. Addresses need not be multiples of anything. */
const access = (...code: Code) => (address: Code, offset: number, ...values: readonly Code[]) => [
  ...address,
  ...values.flat(),
  ...code,
  0,
  ...unsigned(offset),
];

export const i32 = {
  constant: (value: number): Code => [0x41, ...signed(BigInt(value))],
  load: access(0x28),
  add: instruction(0x6a),
  subtract: instruction(0x6b),
  and: instruction(0x71),
  isZero: instruction(0x45),
  lessThan: instruction(0x49),
} as const;

export const i64 = {
  constant: (value: bigint): Code => [0x42, ...signed(BigInt.asIntN(64, value))],
  load: access(0x29),
  store: access(0x37),
  isZero: instruction(0x50),
  lessThan: instruction(0x54),
  add: instruction(0x7c),
  subtract: instruction(0x7d),
  multiply: instruction(0x7e),
  and: instruction(0x83),
  or: instruction(0x84),
  xor: instruction(0x85),
  shiftLeft: instruction(0x86),
  shiftRight: instruction(0x88),
  extend: instruction(0xad),
} as const;

export const v128 = {
  load: access(0xfd, 0),
  loadSplat32: access(0xfd, 9),
  store: access(0xfd, 11),
  constant: (...words: readonly number[]): Code => [
    0xfd,
    12,
    ...new Uint8Array(Uint32Array.from(words).buffer),
  ],
  /** Takes 16 bytes out of the 32 of two vectors. */
  shuffle: (places: Code) => instruction(0xfd, 13, ...places),
  splat32: instruction(0xfd, 17),
  or: instruction(0xfd, 80),
  xor: instruction(0xfd, 81),
  shiftLeft32: instruction(0xfd, 0xab, 1),
  shiftRight32: instruction(0xfd, 0xad, 1),
  add32: instruction(0xfd, 0xae, 1),
} as const;

/** Repeats statements for as long as the value at their end is not zero. */
export function repeatWhile(condition: Code, ...statements: readonly Code[]): Code {
  return [0x03, 0x40, ...statements.flat(), ...condition, 0x0d, 0, 0x0b];
}

/** Runs statements if a value is not zero. */
export function when(condition: Code, ...statements: readonly Code[]): Code {
  return [...condition, 0x04, 0x40, ...statements.flat(), 0x0b];
}

/** A variable of a function. */
export interface Variable {
  readonly get: Code;
  set(value: Code): Code;
}

/** What is written down as a function: its variables are asked for, its first ones are i32 parameters. */
interface FunctionText {
  readonly name: string;
  readonly parameters: number;
  /** Whether the last expression of the body is its result, an i32. */
  readonly returns?: boolean;
  body(
    parameters: readonly Variable[],
    variable: (type: NumberType) => Variable,
    call: (name: string, ...values: readonly Code[]) => Code,
  ): readonly Code[];
}

/** A module with one memory, which it exports as `memory`, and functions, which it exports by their
 * names. */
export function assemble(
  functions: readonly FunctionText[],
  pages: number,
): Uint8Array<ArrayBuffer> {
  const names = functions.map(({ name }) => name);
  const call = (name: string, ...values: readonly Code[]): Code => [
    ...values.flat(),
    0x10,
    ...unsigned(names.indexOf(name)),
  ];
  const bodies = functions.map(({ parameters, body }) => {
    const types: NumberType[] = [];
    const at = (index: number): Variable => ({
      get: [0x20, ...unsigned(index)],
      set: (value) => [...value, 0x21, ...unsigned(index)],
    });
    const variable = (type: NumberType) => at(parameters + types.push(type) - 1);
    const own = Array.from({ length: parameters }, (_, index) => at(index));
    const statements = body(own, variable, call).flat();
    return sized([...listed(types.map((type) => [1, typeCodes[type]])), ...statements, 0x0b]);
  });
  const section = (id: number, content: Code) => [id, ...sized(content)];
  const exported = (name: string, kind: number, index: number) => [
    ...sized([...new TextEncoder().encode(name)]),
    kind,
    ...unsigned(index),
  ];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(
      1,
      listed(functions.map(({ parameters, returns }) => [
        0x60,
        ...listed(Array.from({ length: parameters }, () => [typeCodes.i32])),
        ...listed(returns ? [[typeCodes.i32]] : []),
      ])),
    ),
    ...section(3, listed(functions.map((_, index) => unsigned(index)))),
    ...section(5, [1, 0, ...unsigned(pages)]),
    ...section(
      7,
      listed([
        exported("memory", 2, 0),
        ...names.map((name, index) => exported(name, 0, index)),
      ]),
    ),
    ...section(10, listed(bodies)),
  ]);
}
