# The dashboard as an image. Settings come from the environment (docs/configuration.md); state that must
# last (made keys, SQLite) is in /var/lib/secrets-dashboard. Before each new version is served, run once:
#     python manage.py migrate
#     python manage.py migrate --database emulator    (only with the embedded Secret Manager)

FROM python:3.11-slim AS packages
COPY requirements.lock .
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock

FROM python:3.11-slim
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    STATE_DIR=/var/lib/secrets-dashboard \
    BIND=0.0.0.0 \
    PORT=8000
WORKDIR /app
COPY --from=packages /opt/venv /opt/venv
COPY . .
# Collecting static files asks for settings, so for keys: the made ones go with /tmp/build. The settings'
# umask would keep the files from the user below.
RUN STATE_DIR=/tmp/build python manage.py collectstatic --noinput \
    && rm -r /tmp/build \
    && chmod -R a+rX /app \
    && install -d -m 0700 -o 10001 -g 10001 /var/lib/secrets-dashboard
USER 10001:10001
VOLUME /var/lib/secrets-dashboard
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["python", "scripts/healthcheck.py"]
CMD ["gunicorn", "dashboard.wsgi"]
