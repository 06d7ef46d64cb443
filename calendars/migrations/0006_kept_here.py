from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('calendars', '0005_doubts'),
    ]

    operations = [
        migrations.AddField(
            model_name='syncedevent',
            name='kept_here',
            field=models.BooleanField(default=False),
        ),
    ]
