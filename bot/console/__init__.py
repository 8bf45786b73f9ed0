"""The coordinators' web application: pages by Starlette, Jinja2 and htmx, kept up to date by
server-sent events. Start reading in `app`."""
