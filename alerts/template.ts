import type { Labels } from '#lib/labels.ts';

/** Fills `{{ $labels.job }}` and `{{ $value }}`; anything else between braces becomes a note, so that a bad template never loses an alert. */
export function fillTemplate(text: string, facts: { labels: Labels; value: number | null }): string {
  if (!text.includes('{{')) return text;
  return text.replace(/\{\{-?\s*([\s\S]*?)\s*-?\}\}/g, (_, inner: string) => {
    const label = /^(?:\$labels|\.Labels)\.([A-Za-z_][\w.]*)$/.exec(inner);
    if (label) return facts.labels[label[1] ?? ''] ?? '';
    if (/^(?:\$value|\.Value)$/.test(inner)) return facts.value === null ? '' : String(facts.value);
    return `<template: cannot read "${inner}">`;
  });
}
