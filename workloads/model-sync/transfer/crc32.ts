/** Reflected polynomial of CRC-32 as zlib and S3 use it. */
const polynomial = 0xedb88320;

/** Product of two polynomials over GF(2), modulo the CRC's. */
function multiply(a: number, b: number): number {
  let product = 0;
  let factor = b;
  for (let bit = 0x80000000; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) product ^= factor;
    factor = (factor & 1) !== 0 ? (factor >>> 1) ^ polynomial : factor >>> 1;
  }
  return product >>> 0;
}

/** x to the power of 8 * bytes: what appending that many bytes multiplies a CRC with. */
function shift(bytes: number): number {
  let power = 0x80000000;
  let square = 0x00800000;
  for (let left = bytes; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) power = multiply(square, power);
    square = multiply(square, square);
  }
  return power;
}

/** CRC-32 of two byte strings joined, from the CRC of each and the second's length. */
export function combineCrc32(first: number, second: number, secondBytes: number): number {
  return (multiply(shift(secondBytes), first) ^ second) >>> 0;
}
