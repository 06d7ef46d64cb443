from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('calendars', '0004_told_of_the_cutoff'),
    ]

    operations = [
        migrations.AddField(
            model_name='localchange',
            name='told',
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AddField(
            model_name='sync',
            name='full_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='syncedevent',
            name='doubt',
            field=models.PositiveSmallIntegerField(choices=[(0, 'None'), (1, 'Said to be gone'), (2, 'Read, and gone')], default=0),
        ),
        migrations.AddIndex(
            model_name='syncedevent',
            index=models.Index(condition=models.Q(('doubt__gt', 0)), fields=['connection'], name='synced_event_in_doubt'),
        ),
        migrations.AlterField(
            model_name='eventversion',
            name='why',
            field=models.CharField(choices=[('both_changed', 'Changed on both sides; the later change won'), ('deleted_there', 'Deleted in the other calendar'), ('deleted_here', 'Deleted here'), ('linked', 'Found there as it was, but for this'), ('adjusted', 'The other calendar keeps it in another form')], max_length=20),
        ),
    ]
