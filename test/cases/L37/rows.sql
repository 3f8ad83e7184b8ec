CREATE TABLE django_migrations (id bigint NOT NULL PRIMARY KEY AUTO_INCREMENT, app varchar(255) NOT NULL, name varchar(255) NOT NULL, applied datetime(6) NOT NULL);
INSERT INTO django_migrations (app, name, applied) VALUES ('b', '0001_initial', '2024-01-01 10:00:00');
INSERT INTO django_migrations (app, name, applied) VALUES ('b', '0002_d', '2024-01-02 10:00:00');
