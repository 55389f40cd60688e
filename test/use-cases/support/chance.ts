/** Numbers that look like chance, the same each time. */
export function chanceOf(seed: number): () => number {
  let last = seed;
  return () => {
    last = (last * 997.13 + 0.618) % 1;
    return last;
  };
}
