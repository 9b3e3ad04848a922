"""Cards as pages show them: Markdown with HTML, made safe, at home in their repository, bounded.

limits      Markdown under budgets: of lines, nesting, cells, links
sanitising  which elements and attributes come out
places      where a card's links and pictures lead
rewriting   headings, links, pictures and tables of a sanitised card
pictures    how large pictures of the repository are
rendering   all of it, in order
"""
