/** What is wrong with a line of an exposition; whoever knows the line adds it. */
export class ExpositionError extends Error {}
