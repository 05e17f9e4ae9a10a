/** Stands for a line feed inside an event, so that an event stays one line of a batch; lines themselves never hold it. */
export const lineBreak = '\0';

export const withLineFeeds = (text: string): string => (text.includes(lineBreak) ? text.replaceAll(lineBreak, '\n') : text);
