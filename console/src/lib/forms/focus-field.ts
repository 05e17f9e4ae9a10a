/** Puts the focus on the input of a form that a problem is about: the field itself, or the one it lies in. */
export function focusField(form: string, path: string): void {
  const fields = [...document.querySelectorAll<HTMLElement>(`#${CSS.escape(form)} [data-field]`)];
  const field = fields.find((each) => path === each.dataset.field) ?? fields.find((each) => path.startsWith(each.dataset.field ?? '\n'));
  field?.focus();
}
