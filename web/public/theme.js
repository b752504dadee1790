// Before the first paint, so that a chosen theme does not flash; a file, because the page's policy allows no inline script.
try {
  const theme = localStorage.getItem('colloquy.theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch {
  // No storage: the system's theme is good enough.
}
