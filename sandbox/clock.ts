/** The sandbox's idea of now, in milliseconds; tests hand in their own. */
export type Clock = () => number;

export const DAY = 86_400_000;
